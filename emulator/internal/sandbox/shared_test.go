package sandbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// two are registries of two emulators on one store, the second with a bound of its own.
func two(t *testing.T, limit int) (h *hand, a, b *sandbox.Registry) {
	t.Helper()
	h = &hand{}
	h.advance(time.Hour)
	shared := memory.New()
	return h, sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: shared, RealNow: h.now}),
		sandbox.NewRegistry(sandbox.RegistryOptions{
			Schemes: gateways.Schemes(), Store: shared, RealNow: h.now, Limit: limit,
		})
}

// renewed lets b know a sandbox that a then removes and makes anew with another ttl.
func renewed(t *testing.T, a, b *sandbox.Registry, before, after string) {
	t.Helper()
	mortal(t, a, "box", before)
	if _, err := b.Get(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if err := a.Remove(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	mortal(t, a, "box", after)
}

// TestNobodySweepsWhatWasMadeAnew by the ttl of what stood there before.
func TestNobodySweepsWhatWasMadeAnew(t *testing.T) {
	t.Parallel()
	h, a, b := two(t, 0)
	renewed(t, a, b, "1s", "1h")
	h.advance(10 * time.Minute)
	if removed, err := b.Sweep(t.Context()); err != nil || len(removed) > 0 {
		t.Errorf("swept %q, %v, want nothing", removed, err)
	}
	if got := ids(t, a); !slices.Equal(got, []string{"box"}) {
		t.Errorf("the first lists %q", got)
	}
}

// TestNobodyHidesWhatWasMadeAnew by the ttl of what stood there before.
func TestNobodyHidesWhatWasMadeAnew(t *testing.T) {
	t.Parallel()
	h, a, b := two(t, 0)
	renewed(t, a, b, "1m", "")
	h.advance(time.Hour)
	found, err := b.Find(t.Context(), wire.Credential{Kind: wire.TopApp, ID: "key-box"})
	if err != nil || found == nil || found.TTL != "" {
		t.Errorf("found %v, %v, want the new sandbox", found, err)
	}
	if got := ids(t, b); !slices.Equal(got, []string{"box"}) {
		t.Errorf("the second lists %q", got)
	}
}

// TestEnsureFindsWhatIsThereBeyondTheLimit of an emulator that is started later with a smaller one.
func TestEnsureFindsWhatIsThereBeyondTheLimit(t *testing.T) {
	t.Parallel()
	_, a, b := two(t, 1)
	mortal(t, a, "other", "")
	mortal(t, a, "box", "")
	if box, err := b.Ensure(t.Context(), sandbox.Definition{ID: "box"}); err != nil || box.ID != "box" {
		t.Errorf("Ensure = %v", err)
	}
}

// TestSweepForgetsWhatOthersRemoved so that nothing is remembered for ever.
func TestSweepForgetsWhatOthersRemoved(t *testing.T) {
	t.Parallel()
	_, a, b := two(t, 0)
	mortal(t, a, "box", "")
	if _, err := b.Get(t.Context(), "box"); err != nil || b.Known() != 1 {
		t.Fatalf("%d known, %v", b.Known(), err)
	}
	if err := a.Remove(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Sweep(t.Context()); err != nil || b.Known() != 0 {
		t.Errorf("%d known after the sweep, %v, want none", b.Known(), err)
	}
}
