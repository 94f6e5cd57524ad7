package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Limits of what the data plane reads.
const (
	// MaxURL is the longest path and query: the 100 topics of a token fit with room to spare.
	MaxURL = 64 << 10
	// MaxHeader is the most that all headers may have together.
	MaxHeader = 64 << 10
	// MaxHeaders is how many headers there may be.
	MaxHeaders = 200
	// MaxParameters is how many parameters query and form may have together.
	MaxParameters = 1000
	// MaxBody is the largest body.
	MaxBody = 4 << 20
)

// What could not be read.
const (
	checkURL    = "URL"
	checkHeader = "headers"
	checkBody   = "body"
	checkCount  = "parameters"
	checkTime   = "time to send"
)

// Handler is the data plane as an http.Handler. Echo carries the requests and shapes none of the replies.
func (e *Emulator) Handler() http.Handler {
	edge := echo.NewWithConfig(echo.Config{Logger: e.options.Log})
	// Every path and method goes to the one pipeline before Echo routes: gateways route by more than a path.
	edge.Pre(func(echo.HandlerFunc) echo.HandlerFunc { return e.handle })
	return edge
}

func (e *Emulator) handle(c *echo.Context) error {
	e.inFlight.Add(1)
	defer e.inFlight.Add(-1)
	ctx := c.Request().Context()
	req, unread := read(c.Request())
	d := e.survive(ctx, req, unread)
	e.step(&d.seen, stepDeliver)
	err := e.deliver(ctx, c.Response(), d)
	e.observe(ctx, d.seen)
	return err
}

// read takes a request in whole, once and bounded. The request is there also beside a fault, as far as it came.
func read(r *http.Request) (*wire.Request, *wire.Fault) {
	path, query, _ := strings.Cut(originForm(r.RequestURI), "?")
	req := &wire.Request{
		Method: r.Method, Scheme: schemeOf(r), Path: path, RawQuery: query, Host: r.Host, Header: r.Header,
	}
	if n := len(r.RequestURI); n > MaxURL {
		req.RawQuery = "" // too much to look at
		return req, tooMuch(checkURL, "bytes", n, MaxURL)
	}
	count, size := measure(r.Header)
	if size > MaxHeader {
		return req, tooMuch(checkHeader, "bytes", size, MaxHeader)
	}
	if count > MaxHeaders {
		return req, tooMuch(checkHeader, "lines", count, MaxHeaders)
	}
	if r.Body == http.NoBody {
		return req, cutParameters(req)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	req.Body = body
	if err == nil {
		return req, cutParameters(req)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		req.Body = nil
		return req, tooMuch(checkBody, "bytes", int(max(r.ContentLength, MaxBody+1)), MaxBody)
	}
	return req, unreadBody(err)
}

func unreadBody(err error) *wire.Fault {
	check, message := checkBody, "The body could not be read to its end: "+err.Error()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		check, message = checkTime, "The body did not come to its end in the time that the server waits for a request."
	}
	return &wire.Fault{Kind: wire.Malformed, Cause: err, Fill: []string{checkBody}, Findings: []wire.Finding{
		{Check: check, Level: wire.LevelError, Message: message},
	}}
}

// cutParameters keeps the gateways from taking apart more parameters than they are meant to: what comes beyond the
// limit is cut off before they see it. Those of a multipart body are counted where they are read.
func cutParameters(req *wire.Request) *wire.Fault {
	form := gateway.IsForm(req.Header)
	n := parts(strings.Count(req.RawQuery, "&"), len(req.RawQuery))
	if form {
		n += parts(bytes.Count(req.Body, []byte("&")), len(req.Body))
	}
	if n <= MaxParameters {
		return nil
	}
	req.RawQuery = req.RawQuery[:endOf(req.RawQuery, MaxParameters)]
	if form {
		req.Body = req.Body[:endOf(string(req.Body), MaxParameters)]
	}
	return tooMuch(checkCount, "names", n, MaxParameters)
}

// parts is how many there are between separators.
func parts(separators, length int) int {
	if length == 0 {
		return 0
	}
	return separators + 1
}

// endOf is where the n-th parameter ends.
func endOf(form string, n int) int {
	end := 0
	for range n {
		next := strings.IndexByte(form[end:], '&')
		if next < 0 {
			return len(form)
		}
		end += next + 1
	}
	return end - 1
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
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

// measure counts the lines and bytes of headers.
func measure(header http.Header) (lines, size int) {
	for name, values := range header {
		lines += len(values)
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	return lines, size
}

func tooMuch(check, unit string, got, limit int) *wire.Fault {
	return &wire.Fault{Kind: wire.TooLarge, Fill: []string{check}, Findings: []wire.Finding{{
		Check: check, Level: wire.LevelError,
		Message:  fmt.Sprintf("The request's %s: %d %s; at most %d are read.", check, got, unit, limit),
		Expected: fmt.Sprintf("at most %d %s", limit, unit), Got: fmt.Sprintf("%d %s", got, unit),
	}}}
}
