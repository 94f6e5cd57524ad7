package emulator

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
)

// Server is a listener with a handler behind it: a data plane or a control plane.
type Server struct {
	http     *http.Server
	listener net.Listener
	done     chan error
}

// ServerLimits bound what clients can hold of a Server. Zero fields mean the defaults.
type ServerLimits struct {
	// Connections that can be open at once: MaxConnections.
	Connections int
	// ReadHeader and Read are the times in which the head, and the whole, of a request must have come.
	ReadHeader, Read time.Duration
	// Write is the time from there in which the reply must be taken. Scripted delays have time of their own.
	Write time.Duration
	// Idle is how long a connection may wait for its next request.
	Idle time.Duration
}

// Limits of a Server: clients that dawdle do not hold a connection for ever.
const (
	// MaxConnections is the number of connections that one listener holds open unless told otherwise.
	MaxConnections = 4096

	maxReadHeaderTime = 10 * time.Second
	maxReadTime       = 60 * time.Second
	// maxWriteTime also counts while a body is still coming, so it is longer than maxReadTime: the refusal of a body
	// that does not come has time left.
	maxWriteTime = 90 * time.Second
	maxIdleTime  = 120 * time.Second
	// maxHeaderBytes is where net/http gives up without a word of ours, well above MaxURL and MaxHeader, which
	// answer in shape.
	maxHeaderBytes = 4 << 20
)

// Listen opens addr ("127.0.0.1:4010", port 0 for any free one) and serves handler there until Close.
func Listen(ctx context.Context, addr string, handler http.Handler, log *slog.Logger) (*Server, error) {
	return ListenWithin(ctx, addr, handler, log, ServerLimits{})
}

// ListenWithin is Listen with limits of one's own.
func ListenWithin(
	ctx context.Context, addr string, handler http.Handler, log *slog.Logger, limits ServerLimits,
) (*Server, error) {
	return listen(ctx, addr, handler, log, limits, nil)
}

// listen opens addr for HTTP, and for HTTPS where there is a configuration for it.
func listen(
	ctx context.Context, addr string, handler http.Handler, log *slog.Logger, limits ServerLimits, secure *tls.Config,
) (*Server, error) {
	var config net.ListenConfig
	opened, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	listener := newBoundedListener(opened, cmp.Or(limits.Connections, MaxConnections), secure, log)
	s := &Server{
		listener: listener, done: make(chan error, 1),
		http: &http.Server{
			Handler: handler, ConnState: listener.track, MaxHeaderBytes: maxHeaderBytes,
			DisableGeneralOptionsHandler: true, // net/http would answer "OPTIONS *" with nothing in it
			ReadHeaderTimeout:            cmp.Or(limits.ReadHeader, maxReadHeaderTime),
			ReadTimeout:                  cmp.Or(limits.Read, maxReadTime),
			WriteTimeout:                 cmp.Or(limits.Write, maxWriteTime),
			IdleTimeout:                  cmp.Or(limits.Idle, maxIdleTime),
			ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}
	if secure == nil {
		go func() { s.done <- s.http.Serve(listener) }()
		return s, nil
	}
	s.http.ErrorLog = handshakeLog(log)
	go func() { s.done <- s.http.Serve(tls.NewListener(listener, secure)) }()
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
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}
