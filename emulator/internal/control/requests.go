package control

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func listRequests(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return problem(http.StatusBadRequest, "the query is not good: "+err.Error())
	}
	filter, err := readFilter(query)
	if err != nil {
		return err
	}
	page, err := p.world.Journal(box).List(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pageView(page))
}

// readFilter refuses names it does not know and names that are there twice: a filter that is left out selects
// everything.
func readFilter(query url.Values) (journal.Filter, error) {
	var f journal.Filter
	for name, values := range query {
		if len(values) > 1 {
			return f, problem(http.StatusBadRequest, fmt.Sprintf("the filter %q is there more than once", name))
		}
		value := values[0]
		var err error
		switch name {
		case "api":
			f.API = value
		case "operation":
			f.Operation = value
		case "outcome":
			f.Outcome = value
		case "after":
			f.After, err = strconv.ParseUint(value, 10, 64)
		case "limit":
			f.Limit, err = readLimit(value)
		default:
			return f, problem(http.StatusBadRequest, fmt.Sprintf(
				"unknown filter %q: api, operation, outcome, after and limit are known", name))
		}
		if err != nil {
			return f, problem(http.StatusBadRequest, fmt.Sprintf(
				"%s: must be a whole number (limit from 1 to %d), got %q", name, journal.MaxLimit, value))
		}
	}
	return f, nil
}

func readLimit(text string) (int, error) {
	limit, err := strconv.Atoi(text)
	if err == nil && (limit < 1 || limit > journal.MaxLimit) {
		err = strconv.ErrRange
	}
	return limit, err
}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func showRequest(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	id := route.Param(c, "request")
	if !requestIDPattern.MatchString(id) {
		return problem(http.StatusBadRequest, "a request id has 1 to 64 characters of A-Z, a-z, 0-9 and -")
	}
	entry, err := p.world.Journal(box).Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, entryView(entry))
}

func clearRequests(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	if err := p.world.ClearJournal(c.Request().Context(), box); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
