package emulator_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// watched is an emulator with two sandboxes besides the default one.
func watched(t *testing.T) (e *emulator.Emulator, a, b *sandbox.Sandbox) {
	t.Helper()
	e, err := emulator.New(t.Context(), emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	for id, box := range map[string]**sandbox.Sandbox{"a": &a, "b": &b} {
		if *box, err = e.World().CreateSandbox(t.Context(), sandbox.Definition{ID: id}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return e, a, b
}

func watch(t *testing.T, e *emulator.Emulator) *steer.Watch {
	t.Helper()
	w, err := e.World().Watch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// clearJournals changes some journals.
func clearJournals(t *testing.T, e *emulator.Emulator, boxes ...*sandbox.Sandbox) {
	t.Helper()
	for _, box := range boxes {
		if err := e.World().ClearJournal(t.Context(), box); err != nil {
			t.Fatal(err)
		}
	}
}

// expectChanged expects exactly these sandboxes to have changed since the last look.
func expectChanged(t *testing.T, w *steer.Watch, want ...string) {
	t.Helper()
	got, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("changed %v, want %v", got, want)
	}
}

// expectQuiet expects no change since the last look.
func expectQuiet(t *testing.T, w *steer.Watch) {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 { // with both a change and an end, either may be seen first
		if got, err := w.Next(over); !errors.Is(err, context.Canceled) {
			t.Fatalf("changed %v, %v", got, err)
		}
	}
}

func TestAWatchLearnsWhatChanged(t *testing.T) {
	t.Parallel()
	e, a, b := watched(t)
	clearJournals(t, e, a)
	first := watch(t, e)
	expectQuiet(t, first) // what was before is no news
	second := watch(t, e)
	clearJournals(t, e, a, a, b, a)
	expectChanged(t, first, "a", "b")
	clearJournals(t, e, b)
	expectChanged(t, first, "b")
	expectChanged(t, second, "a", "b")
	expectQuiet(t, first)
	expectQuiet(t, second)

	if err := e.World().Reset(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	expectChanged(t, first, "a")
	if err := e.World().RemoveSandbox(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	expectChanged(t, first, "b")
}

func TestAClosedWatchLearnsNothing(t *testing.T) {
	t.Parallel()
	e, a, _ := watched(t)
	closed, open := watch(t, e), watch(t, e)
	closed.Close()
	closed.Close() // as often as one likes
	clearJournals(t, e, a)
	expectChanged(t, open, "a")
	expectQuiet(t, closed)
}

func TestAWatchEndsWithTheEmulator(t *testing.T) {
	t.Parallel()
	e, _, _ := watched(t)
	w := watch(t, e)
	ended := make(chan error)
	go func() {
		_, err := w.Next(t.Context())
		ended <- err
	}()
	e.Stop()
	if err := <-ended; !errors.Is(err, steer.ErrStopping) {
		t.Errorf("it ends with %v", err)
	}
	if _, err := watch(t, e).Next(t.Context()); !errors.Is(err, steer.ErrStopping) {
		t.Errorf("a later one ends with %v", err)
	}
}

func TestWatchesAreBounded(t *testing.T) {
	t.Parallel()
	e, _, _ := watched(t)
	var last *steer.Watch
	for range steer.MaxWatches {
		last = watch(t, e)
	}
	if _, err := e.World().Watch(); !errors.Is(err, steer.ErrWatched) {
		t.Errorf("one too many: %v", err)
	}
	last.Close()
	watch(t, e)
}

// No change is lost while watches come and go.
func TestWatchesComeAndGo(t *testing.T) {
	t.Parallel()
	e, a, b := watched(t)
	steady := watch(t, e)
	var crowd sync.WaitGroup
	for range 4 {
		crowd.Go(func() {
			for range 50 {
				w, err := e.World().Watch()
				if err != nil {
					t.Error(err)
					return
				}
				w.Close()
			}
		})
	}
	for range 50 {
		clearJournals(t, e, a)
		expectChanged(t, steady, "a")
		clearJournals(t, e, b)
		expectChanged(t, steady, "b")
	}
	crowd.Wait()
	expectQuiet(t, steady)
}
