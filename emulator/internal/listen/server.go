// Package listen opens the addresses of the planes, with limits on what clients can hold, over TLS where asked for, and
// closes them in good order.
package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Server is a listener with a handler behind it: a data plane or a control plane.
type Server struct {
	http     *http.Server
	listener *boundedListener
	done     chan error
}

// Limits bound what clients can hold of a Server. Zero fields mean the defaults.
type Limits struct {
	// Connections that can be open at once: MaxConnections.
	Connections int
	// ReadHeader and Read are the times in which the head, and the whole, of a request must have come.
	ReadHeader, Read time.Duration
	// Write is the time from there in which the reply must be taken. Scripted delays have time of their own.
	Write time.Duration
	// Idle is how long a connection may wait for its next request.
	Idle time.Duration

	refusals int // clients that are told at once that there is no room: maxRefusals
}

// Limits of a Server: clients that dawdle do not hold a connection for ever.
const (
	// MaxConnections is the number of connections that one listener holds open unless told otherwise.
	MaxConnections = 4096

	maxReadHeaderTime = 10 * time.Second
	maxReadTime       = 60 * time.Second
	// MaxWriteTime also counts while a body is still coming, so it is longer than the time for the request: the refusal
	// of a body that does not come has time left.
	MaxWriteTime = 90 * time.Second
	maxIdleTime  = 120 * time.Second
	// maxHeaderBytes is where net/http gives up without a word of ours, well above the limits of the data plane, which
	// answer in shape.
	maxHeaderBytes = 1 << 20
)

// Options say how a Server listens.
type Options struct {
	// Addr is host and port; port 0 takes a free one.
	Addr string
	// Network is where the address is; nil means this machine's.
	Network Network
	Handler http.Handler
	Log     *slog.Logger
	Limits  Limits
	// TLS is the configuration of a listener for HTTPS; nil means HTTP.
	TLS *tls.Config
	// PlainHint is what to tell people whose clients speak TLS where the listener speaks plain HTTP; it may be empty.
	PlainHint string
	// Yield says that, where all connections are taken, the one that waits longest for a request gives way to a new one,
	// so that idle clients keep nobody out.
	Yield bool
	// Refused is told of requests that net/http refused by itself, so that no handler heard of them, and of what came in
	// place of one. It is called before the client is answered, by many connections at once; nil means that the log
	// alone tells.
	Refused func(wire.Refusal)
}

// Network opens addresses, as *net.ListenConfig does.
type Network interface {
	Listen(ctx context.Context, network, addr string) (net.Listener, error)
}

// Open listens, and serves until Close.
func Open(ctx context.Context, o Options) (*Server, error) {
	if o.Network == nil {
		o.Network = new(net.ListenConfig)
	}
	opened, err := o.Network.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	limits := o.Limits
	listener := newBoundedListener(opened, o)
	s := &Server{
		listener: listener, done: make(chan error, 1),
		http: &http.Server{
			Handler: handled(o.Handler), ConnState: listener.track, ConnContext: withConn, MaxHeaderBytes: maxHeaderBytes,
			DisableGeneralOptionsHandler: true, // net/http would answer "OPTIONS *" with nothing in it
			ReadHeaderTimeout:            cmp.Or(limits.ReadHeader, maxReadHeaderTime),
			ReadTimeout:                  cmp.Or(limits.Read, maxReadTime),
			WriteTimeout:                 cmp.Or(limits.Write, MaxWriteTime),
			IdleTimeout:                  cmp.Or(limits.Idle, maxIdleTime),
			ErrorLog:                     slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		},
	}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

// Addr is the address that is listened on, as host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close stops listening, lets calls in flight finish until ctx ends, and then cuts them off.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	served := <-s.done
	s.listener.endRefusals()
	if !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}
