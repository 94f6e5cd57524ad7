package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// turn is what a rule gives to one call.
type turn struct {
	// taken is false when the rule lets the call go by; then the other texts say why.
	taken                    bool
	condition, expected, got string
	step                     *step
	// number counts, from 1, the calls that the rule took.
	number int64
}

// take moves the rule's cursor by one call. The store counts, so of many callers each gets a number of its own, and
// with it exactly one step.
func (c *cue) take(ctx context.Context, space store.Space, now time.Time) (turn, error) {
	if c.Quota != nil {
		return c.spend(ctx, space, now)
	}
	// A released rule goes on counting: to look first would cost every other call a second access.
	n, err := space.Increment(ctx, c.key, 1, time.Time{})
	if err != nil {
		return turn{}, fmt.Errorf("move the cursor: %w", err)
	}
	i, ok := c.stepAt(n)
	if !ok {
		return turn{condition: "end", expected: "a call of the script", got: "its steps are used up"}, nil
	}
	return turn{taken: true, step: &c.steps[i], number: n}, nil
}

// stepAt returns the step of the n-th call, counted from 1; false when the script is over and releases.
func (r *rule) stepAt(n int64) (int, bool) {
	last := len(r.ends) - 1
	total := r.ends[last]
	if n > total {
		switch r.End {
		case Release:
			return 0, false
		case Cycle:
			n = (n-1)%total + 1
		case Repeat:
			return last, true
		}
	}
	i, _ := slices.BinarySearch(r.ends, n)
	return i, true
}
