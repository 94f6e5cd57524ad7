package sandbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// TestResetNeverFailsACall resets a sandbox again and again while calls begin in it.
func TestResetNeverFailsACall(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: memory.New(), RealNow: func() time.Time { return at }})
	box, err := registry.Create(t.Context(), sandbox.Definition{ID: "box", Now: &at, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if turn, err := box.Begin(t.Context()); err != nil || !turn.Now.Equal(at) {
					t.Errorf("a call began with %v", err)
					return
				}
			}
		})
	}
	for range 2000 {
		if err := box.Reset(t.Context()); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	calls.Wait()
}
