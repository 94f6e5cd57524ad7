package sandbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
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

// TestSweepFinishesWhatWasBrokenOff when an emulator was killed while it made a sandbox or removed one.
func TestSweepFinishesWhatWasBrokenOff(t *testing.T) {
	t.Parallel()
	h := &hand{}
	h.advance(time.Hour)
	killed := errors.New("killed")
	memory := memory.New()
	spy := &storetest.Spy{Store: memory}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(), Store: spy, RealNow: h.now, Limit: 10,
	})
	mortal(t, registry, "removed", "")
	mortal(t, registry, "stays", "")
	spaces := map[string]bool{}
	spy.Before = func(step store.Step) error {
		switch step := step.(type) {
		case *store.Clear:
			return killed
		case *store.Add: // it would let the sandbox be found
			return killed
		case *store.Put:
			if name, ok := strings.CutPrefix(step.Key, "half/"); ok {
				name, _, _ = strings.Cut(name, "/")
				spaces[name] = true
			}
		}
		return nil
	}
	if err := registry.Remove(t.Context(), "removed"); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	if _, err := registry.Create(t.Context(), sandbox.Definition{ID: "made"}); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	spy.Before = nil
	held := func(name string) int {
		keys := store.Keys{}
		if err := memory.Space(name).Do(t.Context(), &keys); err != nil {
			t.Fatal(err)
		}
		return len(keys.Keys)
	}
	if len(spaces) != 2 {
		t.Fatalf("half made or removed: %v", spaces)
	}
	for _, wait := range []time.Duration{time.Minute, time.Hour} {
		h.advance(wait)
		if _, err := registry.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name := range spaces {
			if left := held(name) > 0; left != (wait == time.Minute) && strings.HasPrefix(name, "removed") {
				t.Errorf("after %s the space %s is there: %v", wait, name, left)
			}
		}
	}
	if got := ids(t, registry); !slices.Equal(got, []string{"stays"}) {
		t.Errorf("listed %q", got)
	}
}

// TestCountIsSetRight where emulators that were killed have left it too high.
func TestCountIsSetRight(t *testing.T) {
	t.Parallel()
	shared := memory.New()
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(), Store: shared, RealNow: time.Now, Limit: 3,
	})
	mortal(t, registry, "one", "")
	if _, err := shared.Space("/sandboxes").Increment(t.Context(), "count", 500, time.Time{}); err != nil {
		t.Fatal(err)
	}
	mortal(t, registry, "two", "")
	mortal(t, registry, "three", "")
	if _, err := registry.Create(t.Context(), sandbox.Definition{ID: "four"}); !errors.Is(err, sandbox.ErrTooMany) {
		t.Errorf("Create = %v, want ErrTooMany", err)
	}
}

// lossy carries out steps, and then says that the store did not answer.
type lossy struct {
	store.Store

	lost func(step store.Step) bool
}

func (l *lossy) Space(name string) store.Space {
	return store.Space{Executor: lossySpace{l.Store.Space(name), l}}
}

type lossySpace struct {
	store.Executor
	*lossy
}

func (l lossySpace) Do(ctx context.Context, steps ...store.Step) error {
	err := l.Executor.Do(ctx, steps...)
	if err == nil && slices.ContainsFunc(steps, l.lost) {
		return store.ErrDown
	}
	return err
}

// TestMadeAlthoughTheAnswerWasLost is a sandbox like any other.
func TestMadeAlthoughTheAnswerWasLost(t *testing.T) {
	t.Parallel()
	l := &lossy{Store: memory.New(), lost: func(step store.Step) bool {
		_, publishes := step.(*store.Add)
		return publishes
	}}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: l, RealNow: time.Now})
	if _, err := registry.Create(t.Context(), sandbox.Definition{ID: "made"}); !errors.Is(err, store.ErrDown) {
		t.Fatal(err)
	}
	box, err := registry.Get(t.Context(), "made")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.Begin(t.Context()); err != nil {
		t.Errorf("Begin = %v", err)
	}
	if err := registry.Remove(t.Context(), "made"); err != nil {
		t.Error(err)
	}
}
