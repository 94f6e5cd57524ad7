package emulator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
)

// StoreError says why Options.StoreURL cannot be used. It shows no password.
type StoreError struct {
	// BadURL says that the text itself is not good, whatever is there.
	BadURL bool
	Err    error
}

// Error is the reason.
func (e *StoreError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *StoreError) Unwrap() error { return e.Err }

const memoryURL = "memory:"

// openStore opens the store of a URL. One that several emulators can share is to be closed.
//
//nolint:ireturn // which store it is, the URL says
func openStore(ctx context.Context, url string) (store.Store, store.Shared, error) {
	if url == "" || url == memoryURL {
		return memory.New(), nil, nil
	}
	scheme, _, found := strings.Cut(url, "://")
	if scheme != "redis" && scheme != "rediss" || !found {
		return nil, nil, &StoreError{true, badScheme(scheme, found)}
	}
	shared, err := redis.Open(ctx, url)
	if err != nil {
		_, bad := errors.AsType[*redis.AddressError](err)
		return nil, nil, &StoreError{bad, err}
	}
	return shared, shared, nil
}

// badScheme says which schemes there are. What stands where none can be recognized is not shown: it may be a password.
func badScheme(scheme string, found bool) error {
	const there = "the store is memory:, redis://… or rediss://…"
	if !found {
		return errors.New(there + ", and the text names none of them")
	}
	text := fmt.Sprintf("%s, and not %.20s://…", there, scheme)
	if meant := nearest.Name(scheme, []string{"redis", "rediss"}); meant != "" {
		return fmt.Errorf("%s: did you mean %s://…?", text, meant)
	}
	return errors.New(text)
}

func (e *Emulator) closeStore() error {
	if e.own == nil {
		return nil
	}
	return e.own.Close()
}
