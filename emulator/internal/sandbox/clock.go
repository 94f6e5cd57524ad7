package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Clock is the reading of a sandbox's clock.
type Clock struct {
	Now    time.Time
	Frozen bool
}

// ClockChange is what a person or test does to a clock. Fields left nil or zero stay as they are; they are carried
// out in the order now, advance, frozen.
type ClockChange struct {
	Now     *time.Time
	Advance time.Duration
	Frozen  *bool
}

const clockKey = "clock"

// ErrGone says that the sandbox was removed while something still held it.
var ErrGone = errors.New("the sandbox was removed")

// Clock reads the clock.
func (b *Sandbox) Clock(ctx context.Context) (Clock, error) {
	raw, ok, err := b.space.Get(ctx, clockKey)
	if err != nil {
		return Clock{}, fmt.Errorf("read the clock: %w", err)
	}
	switch {
	case ok:
		return decodeClock(raw).at(b.realNow()), nil
	case b.removed.Load():
		return Clock{}, ErrGone
	}
	return b.start(b.realNow()), nil // the instant of a reset between clearing and starting the clock
}

// ChangeClock moves or freezes the clock and returns its new reading. An instant outside the years 1970 to 9999 is
// refused with an *InvalidError and changes nothing.
func (b *Sandbox) ChangeClock(ctx context.Context, change ClockChange) (Clock, error) {
	real := b.realNow()
	var after Clock
	err := b.space.Update(ctx, clockKey, func(old []byte) ([]byte, time.Time, error) {
		switch {
		case old != nil:
			after = decodeClock(old).at(real)
		case b.removed.Load():
			return nil, time.Time{}, ErrGone
		default:
			after = b.start(real)
		}
		if change.Now != nil {
			after.Now = change.Now.UTC()
		}
		after.Now = after.Now.Add(change.Advance)
		if change.Frozen != nil {
			after.Frozen = *change.Frozen
		}
		if !clockReaches(after.Now) {
			return nil, time.Time{}, &InvalidError{"now", outsideClock}
		}
		return encodeClock(after, real), time.Time{}, nil
	})
	return after, err
}

const outsideClock = "the clock would leave the years 1970 to 9999"

// clockReaches reports whether tokens and timestamps can be written for that instant.
func clockReaches(now time.Time) bool {
	year := now.UTC().Year()
	return year >= 1970 && year <= 9999
}

// lastInstant is where a running clock stops: RFC 3339, and so JSON, knows no year 10000.
var lastInstant = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC)

// startClock sets the clock to where the definition starts it.
func (b *Sandbox) startClock(ctx context.Context) error {
	real := b.realNow()
	return b.space.Put(ctx, clockKey, encodeClock(b.start(real), real), time.Time{})
}

// start is the clock's reading at the start.
func (b *Sandbox) start(real time.Time) Clock {
	if b.Now != nil {
		return Clock{Now: b.Now.UTC(), Frozen: b.Frozen}
	}
	return Clock{Now: real, Frozen: b.Frozen}
}

// clockRecord is how the clock is kept: a frozen one as its instant, a running one as its distance from real time.
type clockRecord struct {
	frozen bool
	nanos  int64 // since 1970 when frozen, else to be added to real time
	secs   int64
}

func (r clockRecord) at(real time.Time) Clock {
	if r.frozen {
		return Clock{Now: time.Unix(r.secs, r.nanos).UTC(), Frozen: true}
	}
	now := time.Unix(real.Unix()+r.secs, int64(real.Nanosecond())+r.nanos).UTC()
	if now.After(lastInstant) {
		now = lastInstant
	}
	return Clock{Now: now}
}

func encodeClock(c Clock, real time.Time) []byte {
	secs, nanos := c.Now.Unix(), int64(c.Now.Nanosecond())
	raw := make([]byte, 1, 17)
	if c.Frozen {
		raw[0] = 1
	} else {
		secs, nanos = secs-real.Unix(), nanos-int64(real.Nanosecond())
	}
	raw = binary.BigEndian.AppendUint64(raw, uint64(secs))
	return binary.BigEndian.AppendUint64(raw, uint64(nanos))
}

func decodeClock(raw []byte) clockRecord {
	return clockRecord{
		frozen: raw[0] == 1,
		secs:   int64(binary.BigEndian.Uint64(raw[1:9])),
		nanos:  int64(binary.BigEndian.Uint64(raw[9:17])),
	}
}
