package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// maxHead is how much is kept of a request that nobody handles yet, to tell what net/http refused.
const maxHead = 4 << 10

// conn watches a connection for what net/http answers by itself: no handler hears of it, and no log. It is what
// handlers that take a connection over get; what is below is told by NetConn.
type conn struct {
	net.Conn // of TCP, or of TLS over it

	listener *boundedListener
	// handled says that a handler has the request that came last. What comes meanwhile is its body, or what the server
	// reads ahead, at most a byte.
	handled atomic.Bool
	over    atomic.Bool // nothing is read any more
	told    atomic.Bool

	// mu guards what follows: net/http begins to read ahead just before it calls the handler.
	mu    sync.Mutex
	head  []byte         // what came of the next request, until a handler has it
	room  *[maxHead]byte // holds it
	ahead []byte         // what came of it while a handler had the one before
}

// watched is what a Server gives to net/http.
type watched interface{ watched() *conn }

func (c *conn) watched() *conn { return c }

// watch wraps an accepted connection.
func (l *boundedListener) watch(accepted net.Conn) net.Conn {
	if l.secure == nil {
		return &conn{Conn: accepted, listener: l}
	}
	return secureConn{&conn{Conn: tls.Server(accepted, l.secure), listener: l}}
}

// NetConn is the connection below.
func (c *conn) NetConn() net.Conn { return c.Conn }

// CloseWrite ends what is sent. net/http waits a little after it, so that clients read a refusal of theirs.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Read keeps how a request begins until a handler has it.
func (c *conn) Read(p []byte) (int, error) {
	if c.over.Load() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	begun, hello := c.keep(p[:n], len(p) == 1)
	switch {
	case hello && c.listener.secure == nil:
		c.over.Store(true)
		c.answer(c.listener.refusals.hello(), c.Conn)
		return 0, io.EOF
	case begun && n == 0 && errors.Is(err, os.ErrDeadlineExceeded):
		c.tell(wire.Refusal{
			Why: "The head of the request did not come to its end in the time for it; the connection was closed.",
		})
	}
	return n, err
}

// keep adds what came to what is kept, and reports whether a request has begun that no handler has, and whether that is
// the hello of TLS. With a byte alone the server looks whether the client is still there.
func (c *conn) keep(p []byte, alone bool) (begun, hello bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handled.Load() {
		if alone {
			c.ahead = append(c.ahead, p...)
		}
		return false, false
	}
	if len(p) > 0 {
		c.add(p)
	}
	return len(c.head) > 0, len(p) > 0 && isHello(c.head)
}

func (c *conn) add(p []byte) {
	if c.room == nil {
		c.room, _ = rooms.Get().(*[maxHead]byte)
		c.head = append(c.room[:0], c.ahead...)
		c.ahead = c.ahead[:0]
	}
	c.head = append(c.head, p[:min(len(p), maxHead-len(c.head))]...)
}

// rooms are for requests that come.
var rooms = sync.Pool{New: func() any { return new([maxHead]byte) }}

// forget must be called with the lock held.
func (c *conn) forget() {
	if c.room != nil {
		rooms.Put(c.room)
		c.room, c.head = nil, nil
	}
}

// isHello reports whether a handshake of TLS begins so: its record type and version (RFC 8446, 5.1).
func isHello(head []byte) bool { return len(head) > 1 && head[0] == 0x16 && head[1] == 3 }

// Write tells of an answer that no handler gave.
func (c *conn) Write(p []byte) (int, error) {
	if !c.handled.Load() {
		c.tell(refusalOf(p, c.begun()))
	}
	return c.Conn.Write(p)
}

// answer tells of a refusal and sends it to where the client can read it.
func (c *conn) answer(r wire.Refusal, to io.Writer) {
	c.tell(r)
	_, _ = io.WriteString(to, "HTTP/1.0 400 Bad Request\r\n\r\n"+r.Text+"\n")
}

func (c *conn) tell(r wire.Refusal) {
	if c.told.Swap(true) {
		return
	}
	r.Client, r.Secure, r.Head = c.RemoteAddr().String(), c.listener.secure != nil, c.begun()
	c.listener.refusals.tell(r)
}

// enter follows the states that net/http sees.
func (c *conn) enter(state http.ConnState) {
	switch state {
	case http.StateIdle:
		c.handled.Store(false)
	case http.StateClosed, http.StateHijacked:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forget()
	case http.StateNew, http.StateActive:
	}
}

// begun is a copy of what is known of the next request.
func (c *conn) begun() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.next())
}

// next must be called with the lock held.
func (c *conn) next() []byte {
	if c.room == nil {
		return c.ahead // all of it came together with the one before
	}
	return c.head
}

// take says that a handler has the request. What came behind its body already belongs to the next one.
func (c *conn) take(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	came := c.next()
	next := int64(len(came))
	if end := bytes.Index(came, headEnd); end >= 0 && r.ContentLength >= 0 {
		next = min(int64(end+len(headEnd))+r.ContentLength, next)
	}
	c.ahead = append(c.ahead[:0], came[next:]...)
	c.forget()
	c.handled.Store(true)
}

var headEnd = []byte("\r\n\r\n")

type connKey struct{}

// withConn lets handlers find the connection of their request.
func withConn(ctx context.Context, accepted net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, accepted)
}

// handled is a handler whose connections know that it has their request.
func handled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(watched); ok {
			c.watched().take(r)
		}
		next.ServeHTTP(w, r)
	})
}
