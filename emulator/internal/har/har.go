// Package har writes calls of a journal as an HTTP Archive, version 1.2, which browsers and proxies read.
package har

import (
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// MediaType is the type of an archive.
const MediaType = "application/har+json"

// Archive is an HTTP Archive.
type Archive struct {
	Log Log `json:"log"`
}

// Log is what an archive holds. Members that begin with an underline are our own, as the format allows them.
type Log struct {
	Version string  `json:"version"`
	Creator Creator `json:"creator"`
	Entries []Entry `json:"entries"`
	// Next is where the calls go on that this archive does not hold; nil at the end. Dropped is how many gave way.
	Next    *uint64 `json:"_next"`
	Dropped uint64  `json:"_dropped"`
}

// Creator is the program that wrote an archive.
type Creator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Entry is one call.
type Entry struct {
	StartedDateTime time.Time `json:"startedDateTime"`
	// Time is how long the call took, in milliseconds.
	Time     float64  `json:"time"`
	Request  Request  `json:"request"`
	Response Response `json:"response"`
	Cache    struct{} `json:"cache"`
	Timings  Timings  `json:"timings"`
	// Comment says in a sentence how the call ended.
	Comment string `json:"comment"`

	Sandbox    string            `json:"_sandbox"`
	ID         string            `json:"_requestId"`
	Operation  string            `json:"_operation"`
	Credential string            `json:"_credential"`
	Outcome    string            `json:"_outcome"`
	Delivery   journal.State     `json:"_delivery"`
	Decision   *journal.Decision `json:"_decision,omitempty"`
	// Findings are what was remarked about the call, a sentence each.
	Findings []string `json:"_findings"`
}

// Pair is a header, a cookie or a parameter.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Request is what came in.
type Request struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []Pair    `json:"cookies"`
	Headers     []Pair    `json:"headers"`
	QueryString []Pair    `json:"queryString"`
	PostData    *PostData `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

// PostData is the body of a request.
type PostData struct {
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Comment  string `json:"comment,omitempty"`
}

// Response is what went out.
type Response struct {
	Status      int     `json:"status"`
	StatusText  string  `json:"statusText"`
	HTTPVersion string  `json:"httpVersion"`
	Cookies     []Pair  `json:"cookies"`
	Headers     []Pair  `json:"headers"`
	Content     Content `json:"content"`
	RedirectURL string  `json:"redirectURL"`
	HeadersSize int     `json:"headersSize"`
	BodySize    int     `json:"bodySize"`
}

// Content is the body of a response.
type Content struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Comment  string `json:"comment,omitempty"`
}

// Timings say what the time of a call went for, in milliseconds; -1 where that is not known.
type Timings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

const (
	httpVersion = "HTTP/1.1"
	unknown     = -1
	cut         = "The journal keeps only the beginning of it."
)

// version is that of the program, as the go command wrote it into the binary.
var version = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
})

// Of is an archive of calls. Secrets are masked in them as the journal shows them. What did not come over HTTP is left
// out.
func Of(calls ...journal.Entry) Archive {
	log := Log{Version: "1.2", Creator: Creator{"Tokenstage", version()}, Entries: []Entry{}}
	for i := range calls {
		if strings.HasPrefix(calls[i].Request.URL, "http") {
			log.Entries = append(log.Entries, entryOf(&calls[i]))
		}
	}
	return Archive{log}
}

func entryOf(e *journal.Entry) Entry {
	took := float64(e.Delivery.DurationMicros) / float64(time.Millisecond/time.Microsecond)
	made := Entry{
		StartedDateTime: e.Arrived, Time: took, Timings: Timings{Wait: took}, Comment: comment(e),
		Sandbox: e.Sandbox, ID: e.ID, Operation: e.Operation, Credential: e.Credential, Outcome: e.Outcome,
		Delivery: e.Delivery.State, Decision: e.Decision, Findings: []string{},
		Request: Request{
			Method: e.Request.Method, URL: e.Request.URL, HTTPVersion: httpVersion, Cookies: []Pair{},
			Headers: headers(e.Request.Headers), QueryString: query(e.Request.URL), HeadersSize: unknown,
			BodySize: e.Request.BodyBytes,
		},
		Response: Response{
			Status: e.Response.Status, StatusText: http.StatusText(e.Response.Status), HTTPVersion: httpVersion,
			Cookies: []Pair{}, Headers: headers(e.Response.Headers), HeadersSize: unknown, BodySize: e.Delivery.Bytes,
			RedirectURL: http.Header(e.Response.Headers).Get("Location"),
			Content: Content{
				Size: e.Response.BodyBytes, MimeType: mimeType(e.Response.Headers), Text: e.Response.Body,
			},
		},
	}
	if e.Request.BodyBytes > 0 {
		made.Request.PostData = &PostData{MimeType: mimeType(e.Request.Headers), Text: e.Request.Body}
		if e.Request.BodyTruncated {
			made.Request.PostData.Comment = cut
		}
	}
	if e.Response.BodyTruncated {
		made.Response.Content.Comment = cut
	}
	if !e.Delivery.Answered() {
		made.Response.Status, made.Response.StatusText = 0, "" // so does a browser show what it never got
	}
	for _, f := range e.Findings {
		made.Findings = append(made.Findings, f.Message)
	}
	return made
}

// comment says how a call ended.
func comment(e *journal.Entry) string {
	name := e.Operation
	if name == "" {
		name = "No operation"
	}
	text := name + " ended in " + e.Outcome
	if e.Delivery.State != journal.Whole {
		text += ", its reply was " + string(e.Delivery.State)
	}
	return text + "."
}

func headers(all map[string][]string) []Pair {
	pairs := []Pair{}
	for name, values := range all {
		for _, value := range values {
			pairs = append(pairs, Pair{name, value})
		}
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs
}

// query are the parameters of an address in their order, decoded; what cannot be decoded stays as it is.
func query(address string) []Pair {
	pairs := []Pair{}
	_, text, _ := strings.Cut(address, "?")
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, Pair{decoded(name), decoded(value)})
	}
	return pairs
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func mimeType(headers map[string][]string) string { return http.Header(headers).Get("Content-Type") }
