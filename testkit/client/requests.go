package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Entry is one call in a sandbox's journal. Secrets are masked.
type Entry struct {
	// ID is the request id that the caller got too.
	ID string `json:"id"`
	// Seq is the entry's place in the journal, counted from 1.
	Seq uint64 `json:"seq"`
	// Time is the sandbox's clock when the call came.
	Time time.Time `json:"time"`
	// Arrived is when it came in real time.
	Arrived time.Time `json:"arrived"`
	Sandbox string    `json:"sandbox"`
	Gateway string    `json:"gateway"`
	API     string    `json:"api"`
	// Operation is the full name, such as "onsmqtt.ApplyToken"; empty when it is unknown.
	Operation string `json:"operation"`
	// Credential is what the request named itself by.
	Credential string `json:"credential"`
	// Outcome is "ok" or the provider's code of the error that was sent.
	Outcome        string   `json:"outcome"`
	Status         int      `json:"status"`
	DurationMicros int64    `json:"durationMicros"`
	Request        Request  `json:"request"`
	Response       Response `json:"response"`
	// Decision is what a scenario decided; nil when none had a say.
	Decision *Decision `json:"decision"`
	Findings []Finding `json:"findings"`
	// Panic is the stack of a panic that the call ended in.
	Panic string `json:"panic,omitempty"`
}

// Request is what came in.
type Request struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
	Content
}

// Response is what went out.
type Response struct {
	Status  int         `json:"status"`
	Headers http.Header `json:"headers"`
	Content
}

// Content is a body; long ones are cut off.
type Content struct {
	Body string `json:"body"`
	// BodyBytes is the true size of the body.
	BodyBytes     int  `json:"bodyBytes"`
	BodyTruncated bool `json:"bodyTruncated"`
}

// Decision names the step of a scenario that decided a call; rule and step count from zero.
type Decision struct {
	Scenario string `json:"scenario"`
	Rule     int    `json:"rule"`
	Step     int    `json:"step"`
}

// Levels of a Finding.
const (
	LevelError  = "error"
	LevelAdvice = "advice"
)

// Finding is one remark on a call: what was looked at, what was expected and what came.
type Finding struct {
	Check string `json:"check"`
	// Level is LevelError for what refused the call and LevelAdvice for what did not.
	Level    string `json:"level"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	// Server and Client are whole strings to sign: what the server computed, and what the client must have signed.
	Server string `json:"server,omitempty"`
	Client string `json:"client,omitempty"`
	// Marker shows the first difference between the two strings.
	Marker string `json:"marker,omitempty"`
}

// Filter selects entries; what is left zero selects all.
type Filter struct {
	API string
	// Operation is a full name, "onsmqtt.ApplyToken", or the part behind the dot.
	Operation string
	Outcome   string
	// After is the Next of the page before, or the Seq of an entry.
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
	set("after", strconv.FormatUint(f.After, 10))
	set("limit", strconv.Itoa(f.Limit))
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// Page is a run of entries, oldest first.
type Page struct {
	Requests []Entry `json:"requests"`
	// Dropped is how many entries came and gave way to later ones.
	Dropped uint64 `json:"dropped"`
	// Next goes into Filter.After for the page that follows; nil at the end.
	Next *uint64 `json:"next"`
}

// Requests returns the first entries of a sandbox's journal that the filter selects.
func (c *Client) Requests(ctx context.Context, id string, filter Filter) (Page, error) {
	return call[Page](ctx, c, http.MethodGet, boxPath(id, "requests")+filter.query(), nil)
}

// Request returns the entry of that request id.
func (c *Client) Request(ctx context.Context, id, requestID string) (Entry, error) {
	return call[Entry](ctx, c, http.MethodGet, boxPath(id, "requests", requestID), nil)
}

// ClearRequests empties a sandbox's journal.
func (c *Client) ClearRequests(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodDelete, boxPath(id, "requests"))
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
