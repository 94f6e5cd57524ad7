package control

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/har"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

func listRequests(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	query, err := readQuery(c.Request())
	if err != nil {
		return err
	}
	filter, err := p.readFilter(c.Request().Context(), query, box)
	if err != nil {
		return err
	}
	page, err := p.world.Journal(box).List(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	return sendPage(c, page)
}

// sendPage answers with a page of calls: as an HTTP Archive to who asks for one, else as JSON.
func sendPage(c echo.Context, page journal.Page) error {
	if !wantsArchive(c.Request()) {
		return c.JSON(http.StatusOK, pageView(page))
	}
	archive := har.Of(page.Requests...)
	archive.Log.Next, archive.Log.Dropped = page.Next, page.Dropped
	return sendArchive(c, archive)
}

func sendArchive(c echo.Context, archive har.Archive) error {
	raw, err := json.Marshal(archive)
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return c.Blob(http.StatusOK, har.MediaType, raw)
}

// wantsArchive tells whether a client asks for an HTTP Archive.
func wantsArchive(r *http.Request) bool {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, err := mime.ParseMediaType(accepted); err == nil && kind == har.MediaType {
			return true
		}
	}
	return false
}

// readFilter reads the filters of a query about some sandboxes. One that nobody knows, that is there twice or that
// selects by a name which does not exist is refused: the first would select everything, the last nothing, ever.
func (p *plane) readFilter(ctx context.Context, query url.Values, boxes ...*sandbox.Sandbox) (journal.Filter, error) {
	f, err := parseFilter(query)
	if err != nil {
		return f, err
	}
	if len(f.Text) > journal.MaxText {
		return f, problem(http.StatusBadRequest, fmt.Sprintf(
			"q: must have at most %d bytes, got %d", journal.MaxText, len(f.Text)))
	}
	return f, p.world.CheckNames(ctx, boxes, world.Names{
		API: f.API, Operation: f.Operation, Outcome: f.Outcome, Kind: f.Kind,
	})
}

func parseFilter(query url.Values) (journal.Filter, error) {
	var f journal.Filter
	for name, values := range query {
		if len(values) > 1 {
			return f, filterTwice(name)
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
		case "kind":
			f.Kind = journal.Kind(value)
		case "q":
			f.Text = value
		case "after":
			f.After, err = strconv.ParseUint(value, 10, 64)
		case "limit":
			f.Limit, err = readLimit(value)
		default:
			return f, unknownFilter(name, "api", "operation", "outcome", "kind", "q", "after", "limit")
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
	if wantsArchive(c.Request()) {
		return sendArchive(c, har.Of(entry))
	}
	return c.JSON(http.StatusOK, entryView(entry))
}

func clearRequests(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	if err := p.world.ClearJournal(c.Request().Context(), box); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
