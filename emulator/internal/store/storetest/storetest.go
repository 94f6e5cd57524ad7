// Package storetest is the conformance suite of package store: whatever keeps the state of sandboxes must pass it.
package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Run checks every promise of store.Store and store.Space. newStore returns an empty store for one test and cleans up
// after it by t.Cleanup.
func Run(t *testing.T, newStore func(t *testing.T) store.Store) {
	t.Helper()
	for _, p := range slices.Concat(
		keyPromises, counterPromises, oncePromises, logPromises, spacePromises, runPromises, racePromises,
	) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			p.check(kit{T: t, ctx: t.Context(), store: s, space: s.Space("one")})
		})
	}
}

// promise is one thing that a store promises, and how to see whether it keeps its word.
type promise struct {
	name  string
	check func(k kit)
}

// kit is what a check works with: a test, a store and an empty space of it. Its methods fail the test when the store
// does not answer.
type kit struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // lives as long as the test
	store store.Store
	space store.Space
}

// start is the instant at which the checks begin.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func (k kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("the store did not answer: %v", err)
	}
}

func (k kit) put(key, value string, expires time.Time) {
	k.Helper()
	k.must(k.space.Put(k.ctx, key, []byte(value), expires))
}

// is checks what Get says of key.
func (k kit) is(key, want string) {
	k.Helper()
	value, ok, err := k.space.Get(k.ctx, key)
	k.must(err)
	if !ok || string(value) != want {
		k.Errorf("Get(%q) = %q, %v, want %q, true", key, value, ok, want)
	}
}

func (k kit) absent(key string) {
	k.Helper()
	value, ok, err := k.space.Get(k.ctx, key)
	k.must(err)
	if ok || value != nil {
		k.Errorf("Get(%q) = %q, %v, want nothing", key, value, ok)
	}
}

func (k kit) increment(key string, delta, want int64) {
	k.Helper()
	sum, err := k.space.Increment(k.ctx, key, delta, time.Time{})
	k.must(err)
	if sum != want {
		k.Errorf("Increment(%q, %d) = %d, want %d", key, delta, sum, want)
	}
}

// once checks what Claim says.
func (k kit) once(key string, now, expires time.Time, want bool) {
	k.Helper()
	got, err := k.space.Claim(k.ctx, key, now, expires)
	k.must(err)
	if got != want {
		k.Errorf("Claim(%q, now %s, expires %s) = %v, want %v",
			key, now.Sub(start()), expires.Sub(start()), got, want)
	}
}

func (k kit) reclaim(now time.Time) {
	k.Helper()
	k.must(k.space.Reclaim(k.ctx, now))
}

func (k kit) append(log, record string, bound store.Bound, want uint64) {
	k.Helper()
	seq, err := k.space.Append(k.ctx, log, []byte(record), bound)
	k.must(err)
	if seq != want {
		k.Errorf("Append(%q, %d bytes) = %d, want %d", log, len(record), seq, want)
	}
}

func (k kit) page(log string, after uint64, limit int) store.Page {
	k.Helper()
	page, err := k.space.Range(k.ctx, log, after, limit)
	k.must(err)
	return page
}
