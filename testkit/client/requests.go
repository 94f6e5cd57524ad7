package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Entry is one call in a sandbox's journal. Secrets are masked.
type Entry = controlapi.Entry

// Request is what came in.
type Request = controlapi.Request

// Response is what went out.
type Response = controlapi.Response

// Decision names the step of a scenario that decided a call; rule and step count from zero.
type Decision = controlapi.Decision

// Miss is a rule of a playing scenario that did not take a call, and why; the rule counts from zero.
type Miss = controlapi.Miss

// Levels of a Finding.
const (
	LevelError  = "error"
	LevelAdvice = "advice"
)

// Finding is one remark on a call: what was looked at, what was expected and what came. Its Level is LevelError for
// what refused the call and LevelAdvice for what did not.
type Finding = controlapi.Finding

// Filter selects entries; what is left zero selects all.
type Filter struct {
	// API is the name of an API, such as "onsmqtt".
	API string
	// Operation is a full name, "onsmqtt.ApplyToken", or the part behind the dot.
	Operation string
	// Outcome is "ok", or the code of the error that was sent, such as "ApplyTokenOverFlow".
	Outcome string
	// Kind is what became of a call: "failed", "refused", "scripted", "undelivered" or "open".
	Kind string
	// Text is looked for in all that an entry shows: its words in any order and case, those between quotes as one.
	Text string
	// After is the Next of the page before, or the Seq of an entry; over all sandboxes the time when an entry arrived.
	After uint64
	// Limit is the number of entries on a page: 100 when it is zero, at most 1000.
	Limit int
}

func (f Filter) query() string {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			values.Set(name, value)
		}
	}
	set("api", f.API)
	set("operation", f.Operation)
	set("outcome", f.Outcome)
	set("kind", f.Kind)
	set("q", f.Text)
	set("after", strconv.FormatUint(f.After, 10))
	set("limit", strconv.Itoa(f.Limit))
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// Page is a run of entries, oldest first. Its Next goes into Filter.After for the page that follows; nil at the end.
type Page = controlapi.EntryPage

// Requests returns the first entries of a sandbox's journal that the filter selects, the oldest first.
func (c *Client) Requests(ctx context.Context, id string, filter Filter) (Page, error) {
	return call[Page](ctx, c, http.MethodGet, sandboxPath(id, "requests")+filter.query(), nil)
}

// Archive returns a page of requests as an HTTP Archive (HAR 1.2), and the Next of the page. An empty id means all
// sandboxes, in the order in which the calls arrived.
func (c *Client) Archive(
	ctx context.Context, id string, filter Filter,
) (archive json.RawMessage, next *uint64, err error) {
	path := "/v1/requests"
	if id != "" {
		path = sandboxPath(id, "requests")
	}
	archive, err = c.doAs(ctx, http.MethodGet, path+filter.query(), nil, "application/har+json")
	if err != nil {
		return nil, nil, err
	}
	var read struct {
		Log struct {
			Next *uint64 `json:"_next"`
		} `json:"log"`
	}
	if err := json.Unmarshal(archive, &read); err != nil {
		return nil, nil, fmt.Errorf("the archive of %s cannot be read: %w", c.base, err)
	}
	return archive, read.Log.Next, nil
}

// AllRequests returns the first calls of all sandboxes that the filter selects, in the order in which they arrived.
// Their places, such as Filter.After and the page's Next, are times: Arrived in microseconds since 1970.
func (c *Client) AllRequests(ctx context.Context, filter Filter) (Page, error) {
	return call[Page](ctx, c, http.MethodGet, "/v1/requests"+filter.query(), nil)
}

// Request returns the entry of that request id, which is the one that the reply carried. Where the journal has none the
// error is a *Problem of status 404.
func (c *Client) Request(ctx context.Context, id, requestID string) (Entry, error) {
	return call[Entry](ctx, c, http.MethodGet, sandboxPath(id, "requests", requestID), nil)
}

// ClearRequests empties a sandbox's journal.
func (c *Client) ClearRequests(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodDelete, sandboxPath(id, "requests"))
}

// pageSize is how many entries a page may have at most.
const pageSize = 1000

// allRequests reads page after page, and how many entries the journal dropped.
func (c *Client) allRequests(ctx context.Context, id string, filter Filter) (all []Entry, dropped uint64, err error) {
	filter.Limit = pageSize
	for {
		page, err := c.Requests(ctx, id, filter)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, page.Requests...)
		if page.Next == nil {
			return all, page.Dropped, nil
		}
		filter.After = *page.Next
	}
}
