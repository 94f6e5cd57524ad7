package sandbox

import (
	"context"
	"errors"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// guarded is the space of a sandbox for as long as a key is there: without it every run and every update does nothing
// and fails with ErrGone.
type guarded struct {
	space store.Space
	key   string
}

// Do implements store.Executor.
func (g guarded) Do(ctx context.Context, steps ...store.Step) error {
	guard := store.Get{Key: g.key, Needed: true}
	if err := g.space.Do(ctx, append([]store.Step{&guard}, steps...)...); err != nil {
		return err
	}
	if !guard.Found {
		return ErrGone
	}
	return nil
}

// Update implements store.Executor.
func (g guarded) Update(ctx context.Context, key string, change store.Change, needed ...string) error {
	err := g.space.Update(ctx, key, change, append(needed, g.key)...)
	var absent *store.AbsentError
	if errors.As(err, &absent) && absent.Key == g.key {
		return ErrGone
	}
	return err
}
