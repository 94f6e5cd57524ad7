package scenario

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// bucket is the token bucket of a quota rule: Burst tokens at first and at most, refilled on the sandbox's clock.
type bucket struct {
	tokens uint64
	// part is what was refilled of the next token, in tokens/Per: nothing is lost to rounding.
	part uint64
	at   time.Time
	// over counts the calls that found no token.
	over uint64
}

// spend takes a token for one call. Within the quota the rule lets the call go by, to the rules after it.
func (c *cue) spend(ctx context.Context, space store.Space, now time.Time) (turn, error) {
	var after bucket
	var within bool
	err := space.Update(ctx, c.key, func(old []byte) ([]byte, time.Time, error) {
		after = readBucket(old, c.Quota, now)
		after.refill(c.Quota, now)
		if within = after.tokens > 0; within {
			after.tokens--
		} else {
			after.over++
		}
		return after.bytes(), time.Time{}, nil
	})
	if err != nil {
		return turn{}, fmt.Errorf("count against the quota: %w", err)
	}
	if within {
		left := strconv.FormatUint(after.tokens, 10)
		return turn{condition: "quota", expected: c.beyond, got: "a call within, " + left + " left"}, nil
	}
	return turn{taken: true, step: &c.over, number: int64(after.over)}, nil
}

// setBack is how far the clock must go back to be taken for set back: calls that came together may be counted a
// little out of order.
const setBack = time.Second

func (b *bucket) refill(q *Quota, now time.Time) {
	elapsed := now.Sub(b.at)
	if elapsed <= 0 {
		if elapsed <= -setBack {
			b.at = now
		}
		return
	}
	b.at = now
	high, low := bits.Mul64(uint64(elapsed), uint64(q.Calls))
	low, carry := bits.Add64(low, b.part, 0)
	high += carry
	if high >= uint64(q.Per) { // more tokens than a number holds
		b.tokens, b.part = uint64(q.Burst), 0
		return
	}
	var more uint64
	more, b.part = bits.Div64(high, low, uint64(q.Per))
	if room := uint64(q.Burst) - b.tokens; more >= room {
		b.tokens, b.part = uint64(q.Burst), 0
		return
	}
	b.tokens += more
}

const bucketSize = 5 * 8

func (b *bucket) bytes() []byte {
	raw := make([]byte, 0, bucketSize)
	for _, n := range [...]uint64{b.tokens, b.part, uint64(b.at.Unix()), uint64(b.at.Nanosecond()), b.over} {
		raw = binary.BigEndian.AppendUint64(raw, n)
	}
	return raw
}

// readBucket reads a bucket; a missing one is full.
func readBucket(raw []byte, q *Quota, now time.Time) bucket {
	if len(raw) != bucketSize {
		return bucket{tokens: uint64(q.Burst), at: now}
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(raw[8*i:]) }
	return bucket{tokens: n(0), part: n(1), at: time.Unix(int64(n(2)), int64(n(3))).UTC(), over: n(4)}
}
