// Package store is the only place that keeps state: named spaces of keys and logs behind one interface, so that a
// shared store can replace memory without touching anything above it.
package store

import (
	"context"
	"errors"
	"time"
)

// ErrFull says that a store keeps no more values.
var ErrFull = errors.New("the store is full")

// Store gives out spaces. Implementations are safe for concurrent use.
type Store interface {
	// Space returns the space of that name; it comes into being with its first write.
	Space(name string) Space
}

// Carrier carries steps to the space of a store, which is what an implementation provides.
//
// Values are immutable: a caller changes neither what it put nor what it got. Times are instants of the sandbox's
// clock. A key's expiry is only permission to reclaim its memory; whether a value is still valid is for the caller to
// judge, except in Claim, which is told the time. A zero expiry means never. An error means that the store did not
// answer, and says nothing about which steps were carried out.
type Carrier interface {
	// Do carries out steps in their order, in one round trip; each is atomic. The steps hold their results afterwards. A
	// step that says so ends the run: those behind it are not carried out.
	Do(ctx context.Context, steps ...Step) error
	// Update replaces the value of key by what change returns, as one step: change may be called again when
	// another writer came first, so it must have no effect of its own, and it must not call the store. old is nil
	// only when the key is absent. An error of change is returned as it is and changes nothing.
	Update(ctx context.Context, key string, change func(old []byte) (value []byte, expires time.Time, err error)) error
}

// Space is one namespace, usually of one sandbox. Its methods beside those of Carrier carry one step each.
type Space struct{ Carrier }

// Get returns the value of key and whether it is there.
func (s Space) Get(ctx context.Context, key string) ([]byte, bool, error) {
	step := Get{Key: key}
	err := s.Do(ctx, &step)
	return step.Value, step.Found, err
}

// Put sets key.
func (s Space) Put(ctx context.Context, key string, value []byte, expires time.Time) error {
	return s.Do(ctx, &Put{Key: key, Value: value, Expires: expires})
}

// Increment adds delta to the counter at key and returns the sum.
func (s Space) Increment(ctx context.Context, key string, delta int64, expires time.Time) (int64, error) {
	step := Increment{Key: key, Delta: delta, Expires: expires}
	err := s.Do(ctx, &step)
	return step.Sum, err
}

// Claim remembers key until expires and reports whether nobody had claimed it, or it was expired at now.
func (s Space) Claim(ctx context.Context, key string, now, expires time.Time) (bool, error) {
	step := Claim{Key: key, Now: now, Expires: expires}
	err := s.Do(ctx, &step)
	return step.Fresh, err
}

// Take returns the value of key and removes it; of many concurrent callers one gets it.
func (s Space) Take(ctx context.Context, key string) ([]byte, bool, error) {
	step := Take{Key: key}
	err := s.Do(ctx, &step)
	return step.Value, step.Found, err
}

// Delete removes key.
func (s Space) Delete(ctx context.Context, key string) error { return s.Do(ctx, &Take{Key: key}) }

// Append adds a record to the log of that name and returns its number.
func (s Space) Append(ctx context.Context, log string, record []byte, bound Bound) (uint64, error) {
	step := Append{Log: log, Record: record, Bound: bound}
	err := s.Do(ctx, &step)
	return step.Seq, err
}

// Range returns up to limit records with sequence numbers greater than after, oldest first.
func (s Space) Range(ctx context.Context, log string, after uint64, limit int) (Page, error) {
	step := Range{Log: log, After: after, Limit: limit}
	err := s.Do(ctx, &step)
	return step.Page, err
}

// Truncate drops every record of the log; sequence numbers go on.
func (s Space) Truncate(ctx context.Context, log string) error { return s.Do(ctx, &Truncate{Log: log}) }

// Reclaim frees what expired at or before now.
func (s Space) Reclaim(ctx context.Context, now time.Time) error {
	return s.Do(ctx, &Reclaim{Now: now})
}

// Clear removes everything in the space.
func (s Space) Clear(ctx context.Context) error { return s.Do(ctx, &Clear{}) }

// Bound limits a log by number of records and by their bytes; both must be positive.
type Bound struct {
	Records int
	Bytes   int
}

// Page is a run of records of a log.
type Page struct {
	Records []Record
	// First is the sequence number of the oldest record kept, Last+1 when none is. Last is the number given out last,
	// zero when none was.
	First, Last uint64
	// Dropped counts the records that gave way to the bound, since the log began or was truncated.
	Dropped uint64
}

// Record is one record of a log.
type Record struct {
	Seq  uint64
	Data []byte
}
