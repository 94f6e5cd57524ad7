package sandbox_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// epoch is where real time stands when a test begins.
func epoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 987654321, time.UTC) }

// world is a registry with its store, and real time as the test sets it.
type world struct {
	*sandbox.Registry
	store *memory.Memory
	real  atomic.Pointer[time.Time]
}

func newWorld(tb testing.TB, limit int) *world {
	tb.Helper()
	w := &world{store: memory.New()}
	w.passes(0)
	w.Registry = sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   w.store, RealNow: func() time.Time { return *w.real.Load() }, Limit: limit,
	})
	return w
}

// passes sets real time to so much after the beginning.
func (w *world) passes(d time.Duration) {
	now := epoch().Add(d)
	w.real.Store(&now)
}

func (w *world) create(tb testing.TB, def sandbox.Definition) *sandbox.Sandbox {
	tb.Helper()
	box, err := w.Create(tb.Context(), def)
	if err != nil {
		tb.Fatalf("create %s: %v", def.ID, err)
	}
	return box
}

// newBox returns a sandbox of its own with that seed, frozen at the beginning.
func newBox(tb testing.TB, seed uint64) *sandbox.Sandbox {
	tb.Helper()
	return newWorld(tb, 0).create(tb, sandbox.Definition{ID: "box", Seed: seed, Frozen: true})
}

func (w *world) list(tb testing.TB) []*sandbox.Sandbox {
	tb.Helper()
	all, err := w.List(tb.Context())
	if err != nil {
		tb.Fatalf("list the sandboxes: %v", err)
	}
	return all
}

func begin(tb testing.TB, box *sandbox.Sandbox) *sandbox.Turn {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatalf("begin a turn: %v", err)
	}
	return turn
}

// invalidField is the field that an error blames, empty when it blames none.
func invalidField(err error) string {
	if invalid, ok := errors.AsType[*sandbox.InvalidError](err); ok {
		return invalid.Field
	}
	return ""
}
