// Package store is the only place that keeps state: named spaces of keys and logs behind one interface, so that a
// shared store can replace memory without touching anything above it.
package store

import (
	"context"
	"time"
)

// Store gives out spaces. Implementations are safe for concurrent use.
type Store interface {
	// Space returns the space of that name; it comes into being with its first write.
	Space(name string) Space
}

// Space is one namespace, usually of one sandbox. Values are immutable: a caller changes neither what it put nor
// what it got.
//
// Times are instants of the sandbox's clock. A key's expiry is only permission to reclaim its memory; whether a
// value is still valid is for the caller to judge, except in PutIfAbsent, which is told the time.
// A zero expiry means never. Every method is atomic; an error means that the store did not answer.
type Space interface {
	// Get returns the value of key and whether it is there.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Put sets key.
	Put(ctx context.Context, key string, value []byte, expires time.Time) error
	// PutIfAbsent remembers key until expires and reports whether it was absent or expired at now. Of many
	// concurrent callers exactly one is told true. Such keys live apart from the others: they hold no value and
	// cost few bytes each, a million of them included. They may be remembered up to the next full second.
	PutIfAbsent(ctx context.Context, key string, now, expires time.Time) (bool, error)
	// Take returns the value of key and removes it; of many concurrent callers one gets it.
	Take(ctx context.Context, key string) ([]byte, bool, error)
	// Increment adds delta to the counter at key, which starts at zero, and returns the sum. To the other methods a
	// counter is its decimal text; a value that is no such text cannot be counted on.
	Increment(ctx context.Context, key string, delta int64, expires time.Time) (int64, error)
	// Update replaces the value of key by what change returns, as one step: change may be called again when
	// another writer came first, so it must have no effect of its own, and it must not call the store. old is nil
	// only when the key is absent. An error of change is returned as it is and changes nothing.
	Update(ctx context.Context, key string, change func(old []byte) (value []byte, expires time.Time, err error)) error
	// Delete removes key.
	Delete(ctx context.Context, key string) error

	// Append adds a record to the log of that name and returns its sequence number, counted from 1 without
	// gaps. The oldest records give way to keep the log within bound; one larger than the bound is dropped itself.
	Append(ctx context.Context, log string, record []byte, bound Bound) (uint64, error)
	// Range returns up to limit records with sequence numbers greater than after, oldest first.
	Range(ctx context.Context, log string, after uint64, limit int) (Page, error)
	// Truncate drops every record of the log; sequence numbers go on.
	Truncate(ctx context.Context, log string) error

	// Reclaim frees what expired at or before now.
	Reclaim(ctx context.Context, now time.Time) error
	// Clear removes everything in the space: keys, remembered keys, counters and logs with their numbering.
	Clear(ctx context.Context) error
}

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
