package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Clock is the reading of a sandbox's clock.
type Clock struct {
	Now    time.Time
	Frozen bool
}

// ClockChange is what a person or test does to a clock. Fields left nil or zero stay as they are; they are carried
// out in the order real, now, advance, frozen.
type ClockChange struct {
	// Real sets the clock to real time.
	Real    bool
	Now     *time.Time
	Advance time.Duration
	Frozen  *bool
}

// Clock reads the clock.
func (b *Sandbox) Clock(ctx context.Context) (Clock, error) {
	get := stateStep()
	if err := b.space.Do(ctx, &get); err != nil {
		return Clock{}, fmt.Errorf("read the clock: %w", err)
	}
	return b.clockOf(&get)
}

// clockOf is the clock's reading now by the state that was read.
func (b *Sandbox) clockOf(read *store.Get) (Clock, error) {
	kept, err := b.readState(read)
	if err != nil {
		return Clock{}, err
	}
	return kept.clock(b.realNow()), nil
}

// ChangeClock moves or freezes the clock and returns its new reading. An instant outside the years 1970 to 9999 is
// refused with an *InvalidError and changes nothing.
func (b *Sandbox) ChangeClock(ctx context.Context, change ClockChange) (Clock, error) {
	real := b.realNow()
	var after Clock
	err := b.space.Update(ctx, stateKey, func(old []byte) ([]byte, time.Time, error) {
		if old == nil {
			return nil, time.Time{}, ErrGone
		}
		kept, err := b.decodeState(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		after = kept.clock(real)
		before := after.Now
		if change.Real {
			after.Now = real.UTC()
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
		put, err := kept.with(after, real).movedFrom(before, after, real).step()
		if err != nil {
			return nil, time.Time{}, err
		}
		return put.Value, time.Time{}, nil
	})
	return after, err
}

const outsideClock = "the clock would leave the years 1970 to 9999"

// clockReaches reports whether tokens and timestamps can be written for that instant.
func clockReaches(now time.Time) bool {
	year := now.UTC().Year()
	return year >= 1970 && year <= 9999
}

// clock is the reading at that real time.
func (s state) clock(real time.Time) Clock {
	if s.Frozen {
		return Clock{Now: time.Unix(s.Seconds, s.Nanos).UTC(), Frozen: true}
	}
	now := time.Unix(real.Unix()+s.Seconds, int64(real.Nanosecond())+s.Nanos).UTC()
	return Clock{Now: duration.Dated(now)} // a running clock stops there
}

// with is the state with a clock that reads so at that real time.
func (s state) with(c Clock, real time.Time) state {
	s.Frozen, s.Seconds, s.Nanos = c.Frozen, c.Now.Unix(), int64(c.Now.Nanosecond())
	if !c.Frozen {
		s.Seconds, s.Nanos = s.Seconds-real.Unix(), s.Nanos-int64(real.Nanosecond())
	}
	return s
}

// movedFrom is the state after people changed the clock at that real time.
func (s state) movedFrom(before time.Time, after Clock, real time.Time) state {
	s.Moved = after.Frozen || !after.Now.Equal(real)
	for _, reading := range []time.Time{before, after.Now} {
		if second := max(reading.Unix(), 1); s.Lowest == 0 || second < s.Lowest {
			s.Lowest = second
		}
	}
	return s
}
