package control

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// checkNames answers whether calls can be selected by some names, which are patterns.
func checkNames(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	query, err := readQuery(c.Request())
	if err != nil {
		return err
	}
	names := world.Names{Patterns: true}
	fields := map[string]*string{
		"operation": &names.Operation, "outcome": &names.Outcome, "parameter": &names.Parameter,
		"credential": &names.Credential,
	}
	for name, values := range query {
		field, known := fields[name]
		if !known {
			return unknownFilter(name, "operation", "outcome", "parameter", "credential")
		}
		if len(values) > 1 {
			return filterTwice(name)
		}
		*field = values[0]
	}
	if err := p.world.CheckNames(c.Request().Context(), []*sandbox.Sandbox{box}, names); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// readQuery reads the query of a call, and refuses one that cannot be read to its end.
func readQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the query is not good: "+err.Error())
	}
	return query, nil
}

// unknownFilter refuses a filter that nobody reads: what is left out selects everything.
func unknownFilter(name string, known ...string) error {
	return problem(http.StatusBadRequest,
		nearest.Ask(fmt.Sprintf("unknown filter %q: %s are known", name, enumerate(known)), nearest.Name(name, known)))
}

func filterTwice(name string) error {
	return problem(http.StatusBadRequest, fmt.Sprintf("the filter %q is there more than once", name))
}
