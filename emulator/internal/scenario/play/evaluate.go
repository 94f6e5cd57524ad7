package play

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// evaluation asks rules, one after another, for a decision on one call.
type evaluation struct {
	call
	space  store.Space
	misses []scenario.Miss
}

// maxMisses is the largest number of rules for which a decision explains why they did not take the call.
const maxMisses = 20

// ask goes through the rules in their order until one takes the call.
func (e *evaluation) ask(ctx context.Context, rules []*playingRule) (scenario.Decision, error) {
	for _, r := range rules {
		if !e.conditionsHold(r) {
			continue
		}
		taken, err := r.take(ctx, e.space, e.Now)
		if err != nil {
			return scenario.Decision{}, fmt.Errorf("scenario %s, rule %d: %w", r.scenario, r.index, err)
		}
		if taken.step == nil {
			e.addMiss(r, taken.condition, taken.expected, taken.got)
			continue
		}
		decision := r.decide(&e.call, taken)
		decision.Misses = e.misses
		return decision, nil
	}
	return scenario.Decision{Misses: e.misses}, nil
}

// conditionsHold tells whether all conditions of the rule hold, and records the first that does not as a miss.
func (e *evaluation) conditionsHold(r *playingRule) bool {
	for i := range r.conditions {
		c := &r.conditions[i]
		text, present := e.fields.read(c)
		if !c.Test(text, present) {
			e.addMiss(r, c.label, c.Expected, e.fields.describe(c, text, present))
			return false
		}
	}
	return true
}

// addMiss records why a rule did not take the call. The defaults explain nothing: they play everywhere without being
// asked for, so their explanations would fill every entry of every journal.
func (e *evaluation) addMiss(r *playingRule, condition, expected, got string) {
	if r.byDefault || len(e.misses) == maxMisses {
		return
	}
	e.misses = append(e.misses, scenario.Miss{
		Scenario: r.scenario, Rule: r.index, Condition: condition, Expected: expected, Got: got,
	})
}
