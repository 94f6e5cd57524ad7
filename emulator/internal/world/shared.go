package world

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// share lets the watches hear of what changes at other emulators on the store, and those of what changes here.
func (w *World) share(s store.Store) {
	shared, ok := s.(store.Shared)
	if !ok {
		return
	}
	w.shared = shared
	shared.Listen(func(names []string) {
		if len(names) == 0 {
			names = append(w.registry.IDs(), sandbox.Default) // anything may have changed
		}
		for _, id := range names {
			w.watches.notify(id)
		}
	})
}

// notify tells every open watch, also those of other emulators on the store, that a sandbox changed.
func (w *World) notify(id string) {
	w.watches.notify(id)
	if w.shared != nil {
		w.shared.Announce(id)
	}
}

// Tell sends a message to the other emulators on the store. They get it in the order of the calls.
func (w *World) Tell(ctx context.Context, message []byte) error {
	if w.shared == nil {
		return nil
	}
	return w.shared.Tell(ctx, message)
}

// Ask asks the other emulators on the store, and returns the answers of those that answer in time.
func (w *World) Ask(ctx context.Context, question []byte) ([][]byte, error) {
	if w.shared == nil {
		return nil, nil
	}
	return w.shared.Ask(ctx, question)
}

// Attend has told called with the messages of the other emulators on the store, one at a time, and asked with their
// questions. It reports whether there can be others.
func (w *World) Attend(told func(message []byte), asked func(ctx context.Context, question []byte) []byte) bool {
	if w.shared == nil {
		return false
	}
	w.shared.Attend(told, asked)
	return true
}

// Ready is nil while calls can be answered, else it says why they cannot.
func (w *World) Ready() error {
	if w.shared == nil {
		return nil
	}
	return w.shared.Ready()
}

// superviseEvery is how often a shared store is looked at.
const superviseEvery = time.Second

// Supervise looks after a shared store until ctx ends: it tells when the store is lost and when it is back, makes the
// default sandbox anew in one that was emptied, and records the calls that could not be recorded. For a store that
// nobody shares there is nothing to do.
func (w *World) Supervise(ctx context.Context) {
	if w.shared == nil {
		return
	}
	ticker := time.NewTicker(superviseEvery)
	defer ticker.Stop()
	lost := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := w.shared.Ready()
		if err == nil {
			err = w.lookAfterDefault(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !lost:
			w.options.Log.Error("the store cannot be used: calls are refused until it can", "error", err)
		case err == nil && lost:
			w.options.Log.Info("the store can be used again")
		}
		if lost = err != nil; !lost {
			w.recordLate(ctx)
		}
	}
}

// lookAfterDefault makes the default sandbox anew where the store was emptied.
func (w *World) lookAfterDefault(ctx context.Context) error {
	for range 2 {
		box, err := w.standing(ctx)
		if err != nil {
			return err
		}
		_, err = box.Clock(ctx)
		if !errors.Is(err, sandbox.ErrGone) {
			return err
		}
		w.registry.Forget(box)
	}
	return sandbox.ErrGone
}
