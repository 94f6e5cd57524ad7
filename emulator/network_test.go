package emulator_test

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/journal"
	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

// listen serves the data plane, and returns a client whose every request goes there on a connection of its own.
func (w *world) listen(t *testing.T) *http.Client {
	t.Helper()
	server, err := emulator.Listen(t.Context(), "127.0.0.1:0", w.handler, discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Addr())
		},
	}}
}

// untilJournaled ends when the journal has one more entry: the call is then on its way to its delay or fault.
func (w *world) untilJournaled(t *testing.T, box *sandbox.Sandbox) context.Context {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	before := w.written(ctx, box)
	go func() {
		defer leave()
		for ctx.Err() == nil && w.written(ctx, box) == before {
			runtime.Gosched()
		}
	}()
	return ctx
}

// written counts the entries of a journal.
func (w *world) written(ctx context.Context, box *sandbox.Sandbox) int {
	page, err := w.Journal(box).List(ctx, journal.Filter{Limit: journal.MaxLimit})
	if err != nil {
		return -1
	}
	return len(page.Requests)
}
