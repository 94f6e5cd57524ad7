package play

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// take moves the rule's cursor by one call. The store does the counting, so each of many concurrent calls gets a number
// of its own and, by that number, exactly one step. It fails with errStopped where the scenario does not play any more:
// its cursors are gone, and a call would begin its script once more.
func (r *playingRule) take(ctx context.Context, space store.Space, now time.Time) (takenStep, error) {
	if r.Quota != nil {
		return r.takeFromQuota(ctx, space, now)
	}
	// A rule whose script is used up goes on counting: to check that first would cost every call a second access.
	plays, moved := store.Get{Key: r.needed, Needed: true}, store.Increment{Key: r.key, Delta: 1}
	steps := []store.Step{&plays, &moved}
	if r.needed == "" {
		steps = steps[1:]
	}
	if err := space.Do(ctx, steps...); err != nil {
		return takenStep{}, fmt.Errorf("move the cursor: %w", err)
	}
	if r.needed != "" && !plays.Found {
		return takenStep{}, errStopped
	}
	return r.stepOf(moved.Sum), nil
}

// stepOf is what the n-th call gets, counted from 1.
func (r *compiledRule) stepOf(n int64) takenStep {
	i, ok := r.stepAt(n)
	if !ok {
		return takenStep{condition: "end", expected: "a call of the script", got: "its steps are used up"}
	}
	return takenStep{step: &r.steps[i], number: n}
}

// stepAt returns the index of the step that the n-th call takes, counted from 1. It is false when the script is
// used up and takes no more calls.
func (r *compiledRule) stepAt(n int64) (int, bool) {
	last := len(r.ends) - 1
	total := r.ends[last]
	if n > total {
		switch r.End {
		case scenario.Release:
			return 0, false
		case scenario.Cycle:
			n = (n-1)%total + 1
		case scenario.Repeat:
			return last, true
		}
	}
	i, _ := slices.BinarySearch(r.ends, n)
	return i, true
}
