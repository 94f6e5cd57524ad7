package emulator

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrStopping ends a Watch when the emulator stops.
var ErrStopping = errors.New("the emulator stops")

// Watch learns which journals changed: by calls, by being cleared, with a reset or the removal of their sandbox. It
// carries no entries, so a slow reader misses none: it reads on in the journal where it left off.
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

// Watch begins to watch all sandboxes, until Close.
func (e *Emulator) Watch() *Watch {
	w := &Watch{
		watches: &e.watches, stopping: e.stopping, wake: make(chan struct{}, 1), changed: map[string]bool{},
	}
	e.watches.change(func(open []*Watch) []*Watch { return append(open, w) })
	return w
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

// note tells every open watch that the journal of a sandbox changed.
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
