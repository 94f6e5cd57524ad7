// Package store is the interface of everything that keeps state: named spaces, each with keys and logs. A store that
// several processes share can replace the memory of one without a change to its callers.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrFull says that the store has no room for another value.
var ErrFull = errors.New("the store is full")

// AbsentError says that a key that an update needs is absent.
type AbsentError struct{ Key string }

func (e *AbsentError) Error() string { return fmt.Sprintf("the needed key %q is absent", e.Key) }

// Store gives out spaces. Implementations are safe for concurrent use.
type Store interface {
	// Space returns the space of that name. It need not be created: the first write does that.
	Space(name string) Space
}

// Executor carries out steps in one space. It is what an implementation of a store provides.
//
// Values are immutable: a caller changes neither what it put nor what it got. Times are those of the sandbox's clock. A
// key's expiry only permits the store to reclaim its memory: the caller decides whether a value is still valid, except
// in Claim, which is told the time. A zero expiry means never. An error means that the store failed; some of the steps
// may have been carried out.
type Executor interface {
	// Do carries out steps in order and in one round trip; each is atomic. The steps hold their results afterwards. Some
	// steps can end the run, as their types say: the steps after such a one are then not carried out. No Clear and no
	// Drop comes between the steps of a run, so what follows a needed key is never written after that key was dropped.
	Do(ctx context.Context, steps ...Step) error
	// Update atomically replaces the value of key by what change returns. change is called again when another writer
	// came first, so it must have no side effects, and it must not call the store. old is nil only when the key is
	// absent. An error of change is returned as it is, and the value stays. Where one of the needed keys is absent,
	// change is not called, and the error is an *AbsentError; no Clear and no Drop comes between that look and the change.
	Update(ctx context.Context, key string, change Change, needed ...string) error
}

// Change makes the new value of a key, and says when it expires, from the old one.
type Change func(old []byte) (value []byte, expires time.Time, err error)

// Space is one namespace, usually that of a sandbox. Its own methods carry out one step each.
type Space struct{ Executor }

// Get returns the value of key and whether it is set.
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

// Claim claims key until expires. It reports false when the key is claimed already and has not expired at now.
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

// Truncate drops every record of the log; the sequence numbers go on.
func (s Space) Truncate(ctx context.Context, log string) error { return s.Do(ctx, &Truncate{Log: log}) }

// Reclaim frees what expired at or before now, claimed keys too.
func (s Space) Reclaim(ctx context.Context, now time.Time) error {
	return s.Do(ctx, &Reclaim{Now: now, Claims: now})
}

// Clear removes everything in the space.
func (s Space) Clear(ctx context.Context) error { return s.Do(ctx, &Clear{}) }

// Bound limits a log by number of records and by their bytes; both must be positive.
type Bound struct {
	Records int
	Bytes   int
}

// Page is a sequence of records of a log.
type Page struct {
	Records []Record
	// First is the sequence number of the oldest record in the log, or Last+1 when there is none. Last is the number of
	// the latest Append, or zero when there was none.
	First, Last uint64
	// Dropped counts the records that were dropped to keep to the bound, since the log began or was truncated.
	Dropped uint64
}

// Record is one record of a log.
type Record struct {
	Seq  uint64
	Data []byte
}
