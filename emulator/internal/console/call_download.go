package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/har"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// downloadCall hands out one call as a file.
func (c *console) downloadCall(ec echo.Context) error {
	r := ec.Request()
	box, err := c.World.Sandboxes().Get(r.Context(), route.Param(ec, "sandbox"))
	if err != nil {
		return c.errorPage(ec, err)
	}
	number, _ := strconv.ParseUint(ec.QueryParam("seq"), 10, 64)
	entry, err := c.entry(r.Context(), box, route.Param(ec, "request"), number)
	if err != nil {
		return c.errorPage(ec, err)
	}
	return c.download(ec, "call-"+entry.ID, entry, entry)
}

// Download is the address of a file with the calls that the filter selects.
func (f callFilter) Download(as string) string { return f.link("calls/download", "as", as) }

// downloadCalls hands out the calls that the filter of a list selects: the first thousand of one sandbox, or of all.
func (c *console) downloadCalls(ec echo.Context) error {
	calls, err := c.filtered(ec.Request())
	if err != nil {
		return c.errorPage(ec, err)
	}
	return c.download(ec, "calls", calls, calls.Requests...)
}

// filtered are the calls of a list, oldest first.
func (c *console) filtered(r *http.Request) (journal.Page, error) {
	f, err := c.readCallFilter(r.URL.Query())
	if err != nil {
		return journal.Page{}, err
	}
	l, err := c.layout(r)
	if err != nil {
		return journal.Page{}, err
	}
	boxes, err := c.scope(r.Context(), f.Scope, l.Sandbox)
	if err != nil {
		return journal.Page{}, err
	}
	if err := c.checkFilter(r.Context(), boxes, f); err != nil {
		return journal.Page{}, err
	}
	selected := f.journal()
	selected.Limit = journal.MaxLimit
	return c.World.RequestsOfAll(r.Context(), boxes, selected)
}

// download sends a value as JSON, or its calls as an HTTP Archive.
func (c *console) download(ec echo.Context, name string, value any, calls ...journal.Entry) error {
	as, mediaType := ec.QueryParam("as"), "application/json"
	switch as {
	case "json":
	case "har":
		value, mediaType = har.Of(calls...), har.MediaType
	default:
		said := fmt.Sprintf("there is no form %q: json or har", as)
		return c.errorPage(ec, &world.UnknownNameError{Field: "as", Said: said})
	}
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return c.errorPage(ec, err)
	}
	ec.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+"."+as+`"`)
	return ec.Blob(http.StatusOK, mediaType, append(raw, '\n'))
}
