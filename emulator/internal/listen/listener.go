package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// boundedListener lets a number of connections be open at once. Who comes beyond is told so: a client that is left
// waiting cannot tell a full server from a slow one.
type boundedListener struct {
	net.Listener

	limit    int64
	secure   *tls.Config // of a listener for HTTPS
	open     atomic.Int64
	refusing chan struct{} // holds a token for each client that is being told
	telling  sync.WaitGroup
	closing  context.Context //nolint:containedctx // it ends with the listener, not with a call
	end      context.CancelFunc
	told     atomic.Bool // the log knows that the listener is full
	starved  atomic.Bool // the log knows that there are no descriptors
	waiting  *waiting    // nil where connections do not give way
	log      *slog.Logger

	handshake time.Duration // the time for the handshake of TLS
	failed    *handshakes
	refusals  *refusals
}

const (
	// maxRefusals is how many clients are told at once that the server is full; further ones are only closed.
	maxRefusals = 64
	// maxRefusalTime is how long one of them may take to hear it.
	maxRefusalTime = time.Second
	// maxRefusedBody is how much of its request is taken off the connection so that the client reads the answer.
	maxRefusedBody = 4 << 20
)

func newBoundedListener(l net.Listener, o Options) *boundedListener {
	closing, end := context.WithCancel(context.Background())
	bounded := &boundedListener{
		Listener: l, limit: int64(cmp.Or(o.Limits.Connections, MaxConnections)), secure: o.TLS,
		refusing: make(chan struct{}, cmp.Or(o.Limits.refusals, maxRefusals)), closing: closing, end: end, log: o.Log,
		handshake: cmp.Or(o.Limits.ReadHeader, maxReadHeaderTime),
		failed:    &handshakes{log: o.Log, said: map[string]bool{}}, refusals: newRefusals(o),
	}
	if o.Yield {
		bounded.waiting = newWaiting()
	}
	return bounded
}

// endRefusals ends what is said to clients beyond the limit. Nobody is refused any more: the listener is closed.
func (l *boundedListener) endRefusals() {
	l.end()
	l.telling.Wait()
}

// Accept returns the next connection for which there is room. It counts as open until track hears of its end.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.tellStarved(err)
			return nil, err
		}
		l.starved.Store(false)
		if l.open.Add(1) <= l.limit {
			return l.watch(conn), nil
		}
		if l.waiting.giveWay() {
			l.tellFull("too many connections: those that wait longest for a request are closed")
			return l.watch(conn), nil
		}
		l.open.Add(-1)
		l.refuse(conn)
	}
}

func (l *boundedListener) tellFull(what string) {
	if !l.told.Swap(true) {
		l.log.Warn(what, "address", l.Addr().String(), "limit", l.limit)
	}
}

// tellStarved tells that the system gives no more descriptors. net/http tries again, and says nothing.
func (l *boundedListener) tellStarved(err error) {
	isStarved := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
	if isStarved && !l.starved.Swap(true) {
		l.log.Warn("too many open files (ulimit -n): clients wait until some are closed",
			"address", l.Addr().String(), "error", err)
	}
}

// track is the ConnState of the http.Server behind the listener.
func (l *boundedListener) track(conn net.Conn, state http.ConnState) {
	if w, ok := conn.(watched); ok {
		w.watched().enter(state)
	}
	l.waiting.enter(conn, state)
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	if l.open.Add(-1) < l.limit/2 {
		l.told.Store(false)
	}
}

// refuse never makes Accept wait for the client.
func (l *boundedListener) refuse(conn net.Conn) {
	l.tellFull("too many connections: more are refused")
	select {
	case l.refusing <- struct{}{}:
		l.telling.Go(func() {
			defer context.AfterFunc(l.closing, func() { _ = conn.Close() })()
			l.sayFull(conn)
			<-l.refusing
		})
	default:
		_ = conn.Close()
	}
}

// sayFull answers as soon as a request begins to come, since clients take what comes before as no answer to it. To
// which API the request belongs is not known, so it is in our own voice.
func (l *boundedListener) sayFull(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(maxRefusalTime)) //nolint:forbidigo // sockets live in real time
	if l.secure != nil {
		conn = tls.Server(conn, l.secure)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return
	}
	body := fmt.Sprintf(`{"title":"Service Unavailable","status":503,`+
		`"detail":"Too many connections: at most %d can be open at once."}`, l.limit)
	_, err := fmt.Fprintf(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"+
		"Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	half, ok := conn.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		return
	}
	// Closing with bytes unread would be a RST, which can take the answer away from the client.
	_, _ = io.Copy(io.Discard, io.LimitReader(conn, maxRefusedBody))
}
