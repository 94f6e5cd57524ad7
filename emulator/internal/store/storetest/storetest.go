// Package storetest is the conformance suite of package store: every implementation of store.Store must pass it.
package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Run checks everything that store.Store and store.Space promise. newStore returns an empty store for one test and
// cleans up after it by t.Cleanup.
func Run(t *testing.T, newStore func(t *testing.T) store.Store) {
	t.Helper()
	for _, c := range slices.Concat(
		keyCases, counterCases, claimCases, logCases, spaceCases, stepCases, raceCases,
	) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			c.check(tester{T: t, ctx: t.Context(), store: s, space: s.Space("one")})
		})
	}
}

// testCase is one thing that a store promises, with the code that checks it.
type testCase struct {
	name  string
	check func(t tester)
}

// tester is a test with a store and an empty space of it. Its methods fail the test when the store returns an error.
type tester struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // lives as long as the test
	store store.Store
	space store.Space
}

// startTime is the time at which the checks begin.
func startTime() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func (t tester) must(err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("the store failed: %v", err)
	}
}

func (t tester) put(key, value string, expires time.Time) {
	t.Helper()
	t.must(t.space.Put(t.ctx, key, []byte(value), expires))
}

// wantValue checks that Get returns that value of key.
func (t tester) wantValue(key, want string) {
	t.Helper()
	value, ok, err := t.space.Get(t.ctx, key)
	t.must(err)
	if !ok || string(value) != want {
		t.Errorf("Get(%q) = %q, %v, want %q, true", key, value, ok, want)
	}
}

func (t tester) wantAbsent(key string) {
	t.Helper()
	value, ok, err := t.space.Get(t.ctx, key)
	t.must(err)
	if ok || value != nil {
		t.Errorf("Get(%q) = %q, %v, want nothing", key, value, ok)
	}
}

func (t tester) increment(key string, delta, want int64) {
	t.Helper()
	sum, err := t.space.Increment(t.ctx, key, delta, time.Time{})
	t.must(err)
	if sum != want {
		t.Errorf("Increment(%q, %d) = %d, want %d", key, delta, sum, want)
	}
}

// claim checks the result of Claim.
func (t tester) claim(key string, now, expires time.Time, want bool) {
	t.Helper()
	got, err := t.space.Claim(t.ctx, key, now, expires)
	t.must(err)
	if got != want {
		t.Errorf("Claim(%q, now %s, expires %s) = %v, want %v",
			key, now.Sub(startTime()), expires.Sub(startTime()), got, want)
	}
}

func (t tester) reclaim(now time.Time) {
	t.Helper()
	t.must(t.space.Reclaim(t.ctx, now))
}

func (t tester) append(log, record string, bound store.Bound, want uint64) {
	t.Helper()
	seq, err := t.space.Append(t.ctx, log, []byte(record), bound)
	t.must(err)
	if seq != want {
		t.Errorf("Append(%q, %d bytes) = %d, want %d", log, len(record), seq, want)
	}
}

func (t tester) page(log string, after uint64, limit int) store.Page {
	t.Helper()
	page, err := t.space.Range(t.ctx, log, after, limit)
	t.must(err)
	return page
}
