package mcptools

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Within is a transport to a handler of this process, for a client of a plane that is served right here. Replies come
// whole.
func Within(plane http.Handler) http.RoundTripper { return within{plane} }

type within struct{ plane http.Handler }

func (w within) RoundTrip(req *http.Request) (*http.Response, error) {
	served := req.Clone(req.Context())
	served.RequestURI = req.URL.RequestURI()
	if served.Host == "" {
		served.Host = req.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	reply := &reply{header: http.Header{}, status: http.StatusOK}
	w.plane.ServeHTTP(reply, served)
	return &http.Response{
		StatusCode: reply.status, Status: fmt.Sprintf("%d %s", reply.status, http.StatusText(reply.status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: reply.header, ContentLength: int64(reply.body.Len()),
		Body: io.NopCloser(&reply.body), Request: req,
	}, nil
}

// reply keeps what a handler writes.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(p []byte) (int, error) { return r.body.Write(p) }
