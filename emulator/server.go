package emulator

import (
	"context"
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

// Time limits of a Server: clients that dawdle do not hold a connection for ever.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 120 * time.Second
	// maxHeaderBytes is where net/http gives up without a word of ours, well above MaxURL and MaxHeader, which
	// answer in shape.
	maxHeaderBytes = 4 << 20
)

// Listen opens addr ("127.0.0.1:4010", port 0 for any free one) and serves handler there until Close.
func Listen(ctx context.Context, addr string, handler http.Handler, log *slog.Logger) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	s := &Server{
		listener: listener, done: make(chan error, 1),
		http: &http.Server{
			Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
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
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}
