package dataplane

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Send answers a request of somebody who is here already and needs no connection: that of a person who has a call sent
// from the console. All that happens to a call happens to it, and it is journaled like one, delays and broken
// connections included. It returns the sandbox and the id by which the journal has it.
func (p *Plane) Send(ctx context.Context, req *wire.Request) (sandbox, id string) {
	target := req.Path
	if req.RawQuery != "" {
		target += "?" + req.RawQuery
	}
	r := &http.Request{
		Method: req.Method, URL: &url.URL{Path: req.Path, RawQuery: req.RawQuery}, RequestURI: target,
		Host: req.Host, Header: req.Header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(req.Body)), ContentLength: int64(len(req.Body)),
	}
	seen := p.exchange(&noConnection{header: http.Header{}}, r.WithContext(ctx))
	return seen.Sandbox, seen.RequestID
}

// noConnection takes a reply that nobody reads: the journal has it.
type noConnection struct{ header http.Header }

// Header is that of the reply.
func (w *noConnection) Header() http.Header { return w.header }

// WriteHeader takes the status.
func (w *noConnection) WriteHeader(int) {}

// Write takes a part of the body.
func (w *noConnection) Write(body []byte) (int, error) { return len(body), nil }

// Flush sends nothing to anybody.
func (w *noConnection) Flush() {}

// SetWriteDeadline is nobody's.
func (w *noConnection) SetWriteDeadline(time.Time) error { return nil }

// Hijack hands out a connection that can be closed.
func (w *noConnection) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, other := net.Pipe()
	return conn, nil, other.Close()
}
