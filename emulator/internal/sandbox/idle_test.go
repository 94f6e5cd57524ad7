package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// hand is real time that a test moves.
type hand struct{ nanos atomic.Int64 }

func (h *hand) now() time.Time          { return time.Unix(0, h.nanos.Load()) }
func (h *hand) advance(d time.Duration) { h.nanos.Add(int64(d)) }

func mortals(t *testing.T, limit int) (*hand, *sandbox.Registry) {
	t.Helper()
	h := &hand{}
	h.advance(time.Hour)
	return h, sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: memory.New(), RealNow: h.now, Limit: limit})
}

func mortal(t *testing.T, r *sandbox.Registry, id, ttl string) *sandbox.Sandbox {
	t.Helper()
	frozen := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	box, err := r.Create(t.Context(), sandbox.Definition{
		ID: id, TTL: ttl, Now: &frozen, Frozen: true, // its own clock says nothing
		Credentials: gatewaytest.Credentials{Top: []gatewaytest.App{{AppKey: "key-" + id, AppSecret: "secret"}}}.Listed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func ids(t *testing.T, r *sandbox.Registry) []string {
	t.Helper()
	listed, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, box := range listed {
		all = append(all, box.ID)
	}
	return all
}

// TestIdleSandboxesEnd by real time, unless something uses them.
func TestIdleSandboxesEnd(t *testing.T) {
	t.Parallel()
	h, r := mortals(t, 0)
	for id, ttl := range map[string]string{"control": "1m", "data": "1m", "left": "1m", "long": "1h", "stays": ""} {
		mortal(t, r, id, ttl)
	}
	for range 5 {
		h.advance(50 * time.Second)
		if _, err := r.Get(t.Context(), "control"); err != nil {
			t.Error(err)
		}
		if box, err := r.Find(t.Context(), wire.Credential{Kind: wire.TopApp, ID: "key-data"}); err != nil || box == nil {
			t.Error("a sandbox in use is gone")
		}
	}
	if _, err := r.Get(t.Context(), "left"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("%v: an idle sandbox is still found", err)
	}
	if box, err := r.Find(t.Context(), wire.Credential{Kind: wire.TopApp, ID: "key-left"}); err != nil || box != nil {
		t.Error("an idle sandbox still takes calls")
	}
	if err := r.Remove(t.Context(), "left"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("%v: an idle sandbox can be removed", err)
	}
	if got := ids(t, r); !slices.Equal(got, []string{"control", "data", "long", "stays"}) {
		t.Errorf("listed %v", got)
	}
	removed, err := r.Sweep(t.Context())
	if err != nil || !slices.Equal(removed, []string{"left"}) {
		t.Errorf("swept %v, %v", removed, err)
	}
	h.advance(24 * time.Hour)
	if removed, _ := r.Sweep(t.Context()); len(removed) != 3 || !slices.Equal(ids(t, r), []string{"stays"}) {
		t.Errorf("swept %v, left %v", removed, ids(t, r))
	}
}

// TestIdleSandboxesMakeRoom: their id, credentials and place are free again without anybody asking for it.
func TestIdleSandboxesMakeRoom(t *testing.T) {
	t.Parallel()
	h, r := mortals(t, 2)
	mortal(t, r, "a", "1m")
	mortal(t, r, "b", "2m")
	if _, err := r.Create(t.Context(), sandbox.Definition{ID: "c"}); !errors.Is(err, sandbox.ErrTooMany) {
		t.Fatal(err)
	}
	h.advance(90 * time.Second)
	box := mortal(t, r, "a", "1m")
	if found, err := r.Find(t.Context(), wire.Credential{Kind: wire.TopApp, ID: "key-a"}); err != nil || found != box {
		t.Error("the credential does not belong to the new sandbox")
	}
	if end := box.ExpiresAt(); !end.Equal(h.now().Add(time.Minute)) {
		t.Errorf("expires at %s", end)
	}
	if end := mortal(t, mustRegistry(t), "s", "").ExpiresAt(); !end.IsZero() {
		t.Errorf("a sandbox that stays expires at %s", end)
	}
}

func mustRegistry(t *testing.T) *sandbox.Registry {
	t.Helper()
	_, r := mortals(t, 0)
	return r
}

func TestTTLIsHeldToItsForm(t *testing.T) {
	t.Parallel()
	for _, ttl := range []string{"0s", "-1m", "999ms", "721h", "31d", "30d1s", "0d", "30", "soon", "1e9h"} {
		_, err := mustRegistry(t).Create(t.Context(), sandbox.Definition{ID: "x", TTL: ttl})
		if invalid, ok := errors.AsType[*sandbox.InvalidError](err); !ok || invalid.Field != "ttl" {
			t.Errorf("%s: %v", ttl, err)
		}
	}
	_, err := mustRegistry(t).Create(t.Context(), sandbox.Definition{ID: sandbox.Default, TTL: "1m"})
	if invalid, ok := errors.AsType[*sandbox.InvalidError](err); !ok || invalid.Field != "ttl" {
		t.Errorf("default: %v", err)
	}
}

// TestSweepingAmongCalls races uses, sweeps and creations.
func TestSweepingAmongCalls(t *testing.T) {
	t.Parallel()
	h, r := mortals(t, 0)
	done := make(chan struct{})
	for worker := range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range 200 {
				id := fmt.Sprintf("w%d-%d", worker, i)
				mortal(t, r, id, "1s")
				h.advance(10 * time.Millisecond)
				_, _ = r.Get(t.Context(), id)
				_, _ = r.Sweep(t.Context())
			}
		}()
	}
	for range 4 {
		<-done
	}
	h.advance(time.Minute)
	if _, err := r.Sweep(t.Context()); err != nil || len(ids(t, r)) != 0 {
		t.Errorf("left %v, %v", ids(t, r), err)
	}
}
