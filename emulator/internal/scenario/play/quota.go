package play

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// bucket is the token bucket of a rule with a quota. It starts full, with Burst tokens, and is refilled by the
// sandbox's clock.
type bucket struct {
	Tokens uint64 `cbor:"1,keyasint"`
	// Fraction is the part of the next token that was refilled, in units of 1/Per so that nothing is lost to rounding.
	Fraction uint64 `cbor:"2,keyasint"`
	// At is when the bucket was refilled last.
	At time.Time `cbor:"3,keyasint"`
	// Over counts the calls that found no token.
	Over uint64 `cbor:"4,keyasint"`
}

// takeFromQuota takes a token for one call. A call that gets one goes on to the next rules; a call over the quota takes
// the quota's step.
func (r *playingRule) takeFromQuota(ctx context.Context, space store.Space, now time.Time) (takenStep, error) {
	var taken takenStep
	var needed []string
	if r.needed != "" {
		needed = []string{r.needed}
	}
	err := space.Update(ctx, r.key, func(old []byte) (raw []byte, expires time.Time, err error) {
		kept, err := readBucket(old, r.Quota, now)
		if err != nil {
			return nil, time.Time{}, err
		}
		taken = r.spend(&kept, now)
		raw, err = record.Write(&kept)
		return raw, time.Time{}, err
	}, needed...)
	if absent := (*store.AbsentError)(nil); errors.As(err, &absent) {
		return takenStep{}, errStopped
	}
	if err != nil {
		return takenStep{}, fmt.Errorf("count against the quota: %w", err)
	}
	return taken, nil
}

// spend takes a token of the bucket, or counts the call that found none.
func (r *compiledRule) spend(b *bucket, now time.Time) takenStep {
	b.refill(r.Quota, now)
	if b.Tokens > 0 {
		b.Tokens--
		left := strconv.FormatUint(b.Tokens, 10)
		return takenStep{condition: "quota", expected: r.overQuota, got: "a call within, " + left + " left"}
	}
	b.Over++
	left := b.untilNext(r.Quota)
	return takenStep{step: &r.over, number: int64(b.Over), left: left, refused: left}
}

// untilNext is the time until an empty bucket has a token again: each nanosecond adds Calls parts of a token, of which
// Per make one.
func (b *bucket) untilNext(q *scenario.Quota) time.Duration {
	calls := uint64(q.Calls)
	return time.Duration((uint64(q.Per) - b.Fraction + calls - 1) / calls)
}

// clockSlack is how much earlier than the last call a call can be without the clock counting as set back: concurrent
// calls may be counted slightly out of order.
const clockSlack = time.Second

// refill adds the tokens for the time since the last call.
func (b *bucket) refill(q *scenario.Quota, now time.Time) {
	elapsed := now.Sub(b.At)
	if elapsed <= 0 {
		if elapsed <= -clockSlack {
			b.At = now
		}
		return
	}
	b.At = now
	high, low := bits.Mul64(uint64(elapsed), uint64(q.Calls))
	low, carry := bits.Add64(low, b.Fraction, 0)
	high += carry
	if high >= uint64(q.Per) { // more tokens than fit into 64 bits
		b.Tokens, b.Fraction = uint64(q.Burst), 0
		return
	}
	var more uint64
	more, b.Fraction = bits.Div64(high, low, uint64(q.Per))
	if room := uint64(q.Burst) - b.Tokens; more >= room {
		b.Tokens, b.Fraction = uint64(q.Burst), 0
		return
	}
	b.Tokens += more
}

// newBucket is the full bucket before the first call.
func newBucket(q *scenario.Quota, now time.Time) *bucket {
	return &bucket{Tokens: uint64(q.Burst), At: now}
}

// readBucket reads a bucket. Before the first call there is none in the store, which means a full one.
func readBucket(raw []byte, q *scenario.Quota, now time.Time) (bucket, error) {
	if raw == nil {
		return *newBucket(q, now), nil
	}
	var b bucket
	if err := record.Read(raw, &b); err != nil {
		return bucket{}, fmt.Errorf("read the token bucket: %w", err)
	}
	return b, nil
}
