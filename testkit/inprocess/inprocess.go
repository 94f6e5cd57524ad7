// Package inprocess runs Tokenstage inside the test process: no container engine is needed, none is compiled in, and
// the tests are the same as those that run against a container.
package inprocess

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/testkit/client"
)

const (
	// loopback takes a free port that only this machine reaches.
	loopback = "127.0.0.1:0"
	// closeLimit is how long calls in flight may go on once the test ends.
	closeLimit = 100 * time.Millisecond
)

// settings are what options change.
type settings struct {
	emulator.Options

	tls bool
}

// Option configures the emulator of a test.
type Option func(*settings)

// WithSeed fixes the chance of the default sandbox. Other sandboxes have seeds of their own.
func WithSeed(seed uint64) Option { return func(s *settings) { s.Seed = seed } }

// WithLog takes the log; without it there is none.
func WithLog(log *slog.Logger) Option { return func(s *settings) { s.Log = log } }

// WithTLS serves HTTPS too, with a CA that lives as long as the emulator: see Emulator.HTTPClient.
func WithTLS() Option { return func(s *settings) { s.tls = true } }

// Start runs an emulator on free ports of the loopback address until the test and its cleanups end. It is ready when
// Start returns. Tests may start many of them, also in parallel, and share one just as well: each sandbox is a world
// of its own. A browser shows what happens in it, at the address of its control plane: em.Control().URL().
func Start(tb testing.TB, options ...Option) *client.Emulator {
	tb.Helper()
	set := settings{Options: emulator.Options{Log: slog.New(slog.DiscardHandler)}}
	for _, option := range options {
		option(&set)
	}
	em, err := emulator.New(tb.Context(), set.Options)
	if err != nil {
		tb.Fatalf("start tokenstage: %v", err)
	}
	handler := em.Handler()
	data := listen(tb, handler, set.Log)
	outside := control.Options{Emulator: em, Data: data, Loopback: true, Log: set.Log}
	if set.tls {
		outside.TLS, outside.CA = listenTLS(tb, handler, set.Log)
	}
	outside.ConsoleRoot = console.Root
	outside.Console = console.New(console.Options{Emulator: em, Data: data, TLS: outside.TLS, Log: set.Log})
	tb.Cleanup(em.Stop) // before the listeners close, so that no scripted stall holds them up
	plane := control.New(outside)
	transport := &http.Transport{}
	tb.Cleanup(transport.CloseIdleConnections)
	caller := client.New("http://"+listen(tb, plane, set.Log), client.WithHTTPClient(&http.Client{Transport: transport}))
	return client.NewEmulator(caller, data).WithTLS(outside.TLS)
}

// listen serves handler until the test ends, and returns where.
func listen(tb testing.TB, handler http.Handler, log *slog.Logger) string {
	tb.Helper()
	server, err := emulator.Listen(tb.Context(), loopback, handler, log)
	if err != nil {
		tb.Fatalf("start tokenstage: %v", err)
	}
	closeAfter(tb, server)
	return server.Addr()
}

// listenTLS does the same over HTTPS, and returns the CA too.
func listenTLS(tb testing.TB, handler http.Handler, log *slog.Logger) (addr string, ca []byte) {
	tb.Helper()
	now := time.Now //nolint:forbidigo // the test's process judges certificates by this clock
	authorized, err := authority.NewCA(now())
	if err != nil {
		tb.Fatalf("start tokenstage: %v", err)
	}
	issuer, err := authority.New(authority.Options{CA: authorized, Now: now, Log: log})
	if err != nil {
		tb.Fatalf("start tokenstage: %v", err)
	}
	server, err := emulator.ListenTLS(
		tb.Context(), loopback, handler, log, emulator.ServerLimits{}, issuer.TLSConfig())
	if err != nil {
		tb.Fatalf("start tokenstage: %v", err)
	}
	closeAfter(tb, server)
	return server.Addr(), authorized.PEM()
}

func closeAfter(tb testing.TB, server *emulator.Server) {
	tb.Helper()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), closeLimit)
		defer cancel()
		// Calls that the test left in flight are cut off, which is what they are owed.
		_ = server.Close(ctx)
	})
}
