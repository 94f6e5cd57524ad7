package dataplane

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

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
	// MaxBody is the largest body, but for what is to be stored: gateway.Storer.
	MaxBody = 4 << 20
)

// What of a request is bounded, as findings name it.
const (
	checkURL    = "URL"
	checkHeader = "headers"
	checkBody   = "body"
	checkCount  = "parameters"
	checkTime   = "time to send"
)

// arrival is a request as it was read, at that real time. What could not be read is told by unread.
type arrival struct {
	request *wire.Request
	unread  *unread
	at      time.Time
}

// unread says why a request could not be read.
type unread struct {
	// status is that of our own refusal, where no gateway claims the request.
	status  int
	kind    wire.Kind
	what    string
	finding wire.Finding
	cause   error
}

// fault is what a gateway that claims the request answers.
func (u *unread) fault() *wire.Fault {
	return &wire.Fault{Kind: u.kind, Cause: u.cause, Fill: []string{u.what}, Findings: []wire.Finding{u.finding}}
}

// read takes a request in whole, once and bounded. What could not be read leaves the request as far as it came.
func (p *Plane) read(r *http.Request) (*wire.Request, *unread) {
	path, query, _ := strings.Cut(originForm(r.RequestURI), "?")
	req := &wire.Request{
		Method: r.Method, Scheme: schemeOf(r), Path: path, RawQuery: query, Host: r.Host, Header: r.Header,
	}
	if n := len(r.RequestURI); n > MaxURL {
		req.RawQuery = "" // too much to look at
		return req, overLimit(http.StatusRequestURITooLong, checkURL, "bytes", n, MaxURL)
	}
	count, size := measure(r.Header)
	if size > MaxHeader {
		return req, overLimit(http.StatusRequestHeaderFieldsTooLarge, checkHeader, "bytes", size, MaxHeader)
	}
	if count > MaxHeaders {
		return req, overLimit(http.StatusRequestHeaderFieldsTooLarge, checkHeader, "lines", count, MaxHeaders)
	}
	if r.Body == http.NoBody {
		return req, cutParameters(req)
	}
	limit := p.largestBody(req, r.ContentLength)
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, int64(limit)))
	req.Body = body
	size = len(body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		size, err = int(max(r.ContentLength, int64(limit)+1)), nil
	}
	if size > MaxBody && !p.stores(req) {
		limit = MaxBody
	}
	switch {
	case err != nil:
		return req, unreadBody(err, len(body), r.ContentLength)
	case size > limit:
		req.Body = nil
		return req, overLimit(http.StatusRequestEntityTooLarge, checkBody, "bytes", size, limit)
	}
	return req, cutParameters(req)
}

// largestBody is how much is read of a body of that length, which is negative where it is not said.
func (p *Plane) largestBody(req *wire.Request, length int64) int {
	limit := MaxBody
	if length >= 0 && length <= MaxBody {
		return limit
	}
	for _, gw := range p.world.Gateways() {
		if storer, ok := gw.(gateway.Storer); ok {
			limit = max(limit, storer.LargestBody(req))
		}
	}
	return limit
}

func (p *Plane) stores(req *wire.Request) bool {
	_, ok := p.gatewayOf(req).(gateway.Storer)
	return ok
}

// unreadBody tells of a body of which only so many bytes could be read. Its length is negative where it came in chunks.
func unreadBody(err error, got int, length int64) *unread {
	finding := wire.Finding{Check: checkBody, Level: wire.LevelError, Got: fmt.Sprintf("%d bytes", got)}
	if length >= 0 {
		finding.Expected = fmt.Sprintf("%d bytes", length)
	}
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		status, finding.Check = http.StatusRequestTimeout, checkTime
		finding.Message = "The body did not come to its end in the time that the server waits for a request."
	case errors.Is(err, syscall.ECONNRESET):
		finding.Message = fmt.Sprintf("The client reset the connection after %d bytes of the body.", got)
	case !errors.Is(err, io.ErrUnexpectedEOF):
		finding.Message = fmt.Sprintf("The chunks of the body cannot be read after %d bytes: %v.", got, err)
	case length >= 0:
		finding.Message = fmt.Sprintf("The body ended too early: %d of the %d bytes came that Content-Length announces.",
			got, length)
	default:
		finding.Message = fmt.Sprintf("The body ended too early: after %d bytes, before its last chunk.", got)
	}
	return &unread{status: status, kind: wire.Malformed, what: checkBody, cause: err, finding: finding}
}

// cutParameters keeps the gateways from taking apart more parameters than they are meant to: what comes beyond the
// limit is cut off before they see it. Those of a multipart body are counted where they are read.
func cutParameters(req *wire.Request) *unread {
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
	return overLimit(http.StatusRequestEntityTooLarge, checkCount, "names", n, MaxParameters)
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

func overLimit(status int, what, unit string, got, limit int) *unread {
	return &unread{
		status: status, kind: wire.TooLarge, what: what,
		finding: wire.Finding{
			Check: what, Level: wire.LevelError,
			Message:  fmt.Sprintf("The request's %s: %d %s; at most %d are read.", what, got, unit, limit),
			Expected: fmt.Sprintf("at most %d %s", limit, unit), Got: fmt.Sprintf("%d %s", got, unit),
		},
	}
}
