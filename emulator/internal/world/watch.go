package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Errors of watching.
var (
	// ErrStopping ends a Watch when the emulator stops.
	ErrStopping = errors.New("the emulator stops")
	// ErrWatched says that there is no room for another Watch.
	ErrWatched = errors.New("too many follow calls or look at live pages already")
)

// MaxWatches is how many can be open at once: every call tells each of them.
const MaxWatches = 200

// Watch learns which sandboxes changed: by calls, and by what people and tests do to them. It carries neither entries
// nor states, so a slow reader misses none: it reads on in the journal where it left off, and looks at the rest anew.
type Watch struct {
	watches  *watches
	stopping <-chan struct{}
	wake     chan struct{} // holds one token while changed is not empty

	mu      sync.Mutex
	changed map[string]bool // by sandbox id
}

// watches are those that are open. A call pays one atomic load while there are none.
type watches struct {
	adding sync.Mutex
	open   atomic.Pointer[[]*Watch]
}

// Watch begins to watch all sandboxes, until Close. It fails with ErrWatched beyond MaxWatches.
func (w *World) Watch() (*Watch, error) {
	made := &Watch{
		watches: &w.watches, stopping: w.stopping, wake: make(chan struct{}, 1), changed: map[string]bool{},
	}
	full := false
	w.watches.change(func(open []*Watch) []*Watch {
		if full = len(open) >= MaxWatches; full {
			return open
		}
		return append(open, made)
	})
	if full {
		return nil, fmt.Errorf("%w: at most %d can at once", ErrWatched, MaxWatches)
	}
	return made, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.watches.change(func(open []*Watch) []*Watch {
		return slices.DeleteFunc(open, func(other *Watch) bool { return other == w })
	})
}

// Next waits for changes and returns the ids of the sandboxes that had some since the last Next, in no order. Its
// error is that of ctx, or ErrStopping.
func (w *Watch) Next(ctx context.Context) ([]string, error) {
	select {
	case <-w.wake:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.stopping:
		return nil, ErrStopping
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(w.changed))
	for id := range w.changed {
		ids = append(ids, id)
	}
	clear(w.changed)
	return ids, nil
}

func (w *Watch) note(sandbox string) {
	w.mu.Lock()
	w.changed[sandbox] = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

// note tells every open watch that a sandbox changed.
func (s *watches) note(sandbox string) {
	if open := s.open.Load(); open != nil {
		for _, w := range *open {
			w.note(sandbox)
		}
	}
}

// change replaces the list of open watches by what edit makes of a copy.
func (s *watches) change(edit func(open []*Watch) []*Watch) {
	s.adding.Lock()
	defer s.adding.Unlock()
	var open []*Watch
	if old := s.open.Load(); old != nil {
		open = slices.Clone(*old)
	}
	if open = edit(open); len(open) == 0 {
		s.open.Store(nil)
		return
	}
	s.open.Store(&open)
}
