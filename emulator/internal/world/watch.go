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

// MaxWatches is how many watches can be open at once. It is bounded because every call notifies each of them.
const MaxWatches = 200

// Watch reports which sandboxes changed, by calls or by what people and tests did to them. It reports only their ids,
// so a slow reader misses nothing: it reads on in the journal where it left off, and reads everything else anew.
type Watch struct {
	watches  *watches
	stopping <-chan struct{}
	wake     chan struct{} // holds one value while changed is not empty

	mu      sync.Mutex
	changed map[string]bool // by sandbox id
}

// watches are the open watches. While there are none they cost a call one atomic load.
type watches struct {
	adding sync.Mutex
	open   atomic.Pointer[[]*Watch]
}

// Watch begins to watch all sandboxes, until Close. Its error is ErrWatched when MaxWatches are open already.
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

// Next waits for changes and returns the ids of the sandboxes that changed since the last Next, in no order. Its error
// is that of ctx, or ErrStopping.
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

func (w *Watch) notify(sandbox string) {
	w.mu.Lock()
	w.changed[sandbox] = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // the reader has been woken already
	}
}

// notify tells every open watch that a sandbox changed.
func (s *watches) notify(sandbox string) {
	if open := s.open.Load(); open != nil {
		for _, w := range *open {
			w.notify(sandbox)
		}
	}
}

// change replaces the list of open watches by the result of edit, which gets a copy.
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
