package emulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/wire"
)

// Limits of what the data plane reads.
const (
	// MaxURL is the longest path and query: the 100 topics of a token fit with room to spare.
	MaxURL = 64 << 10
	// MaxHeader is the most that all headers may have together.
	MaxHeader = 64 << 10
	// MaxBody is the largest body.
	MaxBody = 4 << 20
)

// What could not be read.
const (
	checkURL    = "URL"
	checkHeader = "headers"
	checkBody   = "body"
)

// Handler is the data plane as an http.Handler. Echo carries the requests and shapes none of the replies.
func (e *Emulator) Handler() http.Handler {
	edge := echo.NewWithConfig(echo.Config{Logger: e.options.Log})
	// Every path and method goes to the one pipeline: gateways route by more than a path.
	edge.RouteNotFound("/*", func(c *echo.Context) error {
		ctx := c.Request().Context()
		req, unread := read(c.Request())
		return e.deliver(ctx, c.Response(), e.serve(ctx, req, unread))
	})
	return edge
}

// read takes a request in whole, once and bounded. The request is there also beside a fault, as far as it came.
func read(r *http.Request) (*wire.Request, *wire.Fault) {
	path, query, _ := strings.Cut(originForm(r.RequestURI), "?")
	req := &wire.Request{Method: r.Method, Path: path, RawQuery: query, Host: r.Host, Header: r.Header}
	if n := len(r.RequestURI); n > MaxURL {
		req.RawQuery = "" // too much to look at
		return req, tooLarge(checkURL, n, MaxURL)
	}
	if n := headerSize(r.Header); n > MaxHeader {
		return req, tooLarge(checkHeader, n, MaxHeader)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	req.Body = body
	if err == nil {
		return req, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		req.Body = nil
		return req, tooLarge(checkBody, int(max(r.ContentLength, MaxBody+1)), MaxBody)
	}
	return req, &wire.Fault{Kind: wire.Malformed, Cause: err, Fill: []string{checkBody}, Findings: []wire.Finding{
		{Check: checkBody, Level: wire.LevelError, Message: "The body could not be read to its end: " + err.Error()},
	}}
}

// originForm takes the scheme and host off a request line in absolute form, as proxies' clients send it.
func originForm(uri string) string {
	if strings.HasPrefix(uri, "/") {
		return uri
	}
	if _, rest, found := strings.Cut(uri, "://"); found {
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			return "/" + strings.TrimPrefix(rest[i:], "/")
		}
		return "/"
	}
	return uri
}

func headerSize(header http.Header) int {
	n := 0
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

func tooLarge(check string, got, limit int) *wire.Fault {
	return &wire.Fault{Kind: wire.TooLarge, Fill: []string{check}, Findings: []wire.Finding{{
		Check: check, Level: wire.LevelError,
		Message:  fmt.Sprintf("The %s has %d bytes; at most %d are read.", check, got, limit),
		Expected: fmt.Sprintf("at most %d bytes", limit), Got: fmt.Sprintf("%d bytes", got),
	}}}
}
