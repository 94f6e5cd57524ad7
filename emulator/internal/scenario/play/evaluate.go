package play

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// evaluation asks rules, one after another, for a decision on one call.
type evaluation struct {
	call
	space  store.Space
	misses []scenario.Miss
	// effects are those of rules that decided nothing, which also lists.
	effects scenario.Effects
	also    []scenario.Touch
	// counted are the rules that have counted the call without taking it, as quotas do: they do not count it again when
	// rules are asked anew.
	counted []*playingRule
}

// maxMisses is the largest number of rules for which a decision explains why they did not take the call.
const maxMisses = 20

// ask goes through the rules in their order until one takes the call.
func (e *evaluation) ask(ctx context.Context, rules []*playingRule) (scenario.Decision, error) {
	for i := 0; i < len(rules); i++ {
		r := rules[i]
		if unmet := e.unmet(r); unmet != nil {
			if e.tells(r) {
				e.addMiss(r, e.missOfCall(r, unmet))
			}
			continue
		}
		if r.record != nil {
			together := e.together(rules[i:])
			decision, err := e.askTogether(ctx, together)
			if err != nil || decision.Decided {
				return decision, err
			}
			i += len(together) - 1
			continue
		}
		if e.hasCounted(r) {
			continue
		}
		taken, err := r.take(ctx, e.space, e.Now)
		if err != nil {
			return scenario.Decision{}, fmt.Errorf("scenario %s, rule %d: %w", r.scenario, r.index+1, err)
		}
		if taken.step == nil {
			e.addMiss(r, r.missOf(taken))
			if r.Quota != nil {
				e.counted = append(e.counted, r)
			}
			continue
		}
		if taken.left == 0 {
			taken.left = e.leftOf(r, nil)
		}
		return e.decided(r, taken), nil
	}
	return scenario.Decision{Misses: e.misses, Effects: e.effects, Also: e.also}, nil
}

// decided carries out a step and adds what the rules before it found.
func (e *evaluation) decided(r *playingRule, taken takenStep) scenario.Decision {
	decision := r.decide(&e.call, taken)
	decision.Effects = e.effects.And(decision.Effects)
	decision.Misses, decision.Also = e.misses, e.also
	return decision
}

// together returns, of rules that are to be asked, the first ones, as far as they keep the same record. Rules that the
// call does not fit are passed over, whatever they keep.
func (e *evaluation) together(rules []*playingRule) []sharedRule {
	list := []sharedRule{{playingRule: rules[0]}}
	for _, r := range rules[1:] {
		unmet := e.unmet(r)
		if unmet == nil && r.record != rules[0].record {
			break
		}
		list = append(list, sharedRule{r, unmet})
	}
	return list
}

// askTogether asks rules of one record.
func (e *evaluation) askTogether(ctx context.Context, rules []sharedRule) (scenario.Decision, error) {
	result, err := e.askShared(ctx, rules)
	if err != nil {
		return scenario.Decision{}, fmt.Errorf("scenario %s, rule %d: %w", rules[0].scenario, rules[0].index+1, err)
	}
	for i := range result.misses {
		e.addMiss(result.misses[i].rule, result.misses[i].miss)
	}
	e.effects, e.also = e.effects.And(result.effects), append(e.also, result.also...)
	e.counted = append(e.counted, result.counted...)
	if result.rule == nil {
		return scenario.Decision{}, nil
	}
	decision := e.decided(result.rule, result.taken)
	decision.States, decision.Per, decision.Key = result.states, result.rule.Per, result.taken.kept.key.shown
	return decision, nil
}

// hasCounted tells whether the rule counted the call without taking it.
func (e *evaluation) hasCounted(r *playingRule) bool {
	return slices.ContainsFunc(e.counted, func(other *playingRule) bool { return other.key == r.key })
}

// unmet returns the first condition of the rule that the call itself does not meet; nil where it meets all.
func (e *evaluation) unmet(r *playingRule) *compiledCondition {
	for i := range r.conditions {
		c := &r.conditions[i]
		if c.plain {
			if text, present := e.fields.read(&c.compiledField); !c.fits(text) || !c.Test(text, present) {
				return c
			}
		} else if !e.holds(c, nil) {
			return c
		}
	}
	return nil
}

// missOfCall explains a condition that the call does not meet.
func (e *evaluation) missOfCall(r *playingRule, c *compiledCondition) scenario.Miss {
	return scenario.Miss{
		Scenario: r.scenario, Rule: r.index, Condition: c.label, Expected: c.Expected, Got: e.got(c, nil),
	}
}

// holds tells whether a condition holds; kept is what the states are read from.
func (e *evaluation) holds(c *compiledCondition, kept *ruleRecord) bool {
	switch {
	case c.Test != nil:
		return e.fieldHolds(c, kept)
	case c.Span != nil:
		return c.Span.Holds(e.Now, c.zone)
	case len(c.anyOf) > 0:
		return slices.ContainsFunc(c.anyOf, func(group []compiledCondition) bool { return e.allHold(group, kept) })
	}
	return !e.allHold(c.not, kept)
}

func (e *evaluation) allHold(all []compiledCondition, kept *ruleRecord) bool {
	for i := range all {
		if !e.holds(&all[i], kept) {
			return false
		}
	}
	return true
}

func (e *evaluation) fieldHolds(c *compiledCondition, kept *ruleRecord) bool {
	if c.many {
		all := e.fields.Parameters(c.name)
		if len(all) == 0 {
			return c.Test("", false)
		}
		return slices.ContainsFunc(all, func(text string) bool { return c.fits(text) && c.Test(text, true) })
	}
	text, present := e.text(c, kept)
	return c.fits(text) && c.Test(text, present)
}

// text is that of the field of a condition.
func (e *evaluation) text(c *compiledCondition, kept *ruleRecord) (text string, present bool) {
	if c.kind == stateField {
		text, _, present = kept.state(c.name, e.Now)
		return text, present
	}
	return e.fields.read(&c.compiledField)
}

// fits tells whether a text is short enough to be compared.
func (c *compiledCondition) fits(text string) bool { return c.Longest == 0 || len(text) <= c.Longest }

// got says what came in the place of what a condition expected.
func (e *evaluation) got(c *compiledCondition, kept *ruleRecord) string {
	switch {
	case c.Span != nil:
		return e.Now.In(c.zone).Format(time.RFC3339)
	case len(c.anyOf) > 0:
		return "none of it"
	case c.Test == nil:
		return "all of it"
	case c.many:
		return fmt.Sprintf("none of %d elements", len(e.fields.Parameters(c.name)))
	}
	text, present := e.text(c, kept)
	if !c.fits(text) {
		return fmt.Sprintf("a text of %d bytes; at most %d are compared", len(text), c.Longest)
	}
	return e.fields.describe(&c.compiledField, text, present)
}

// missOf explains why a rule did not take a call that fits it.
func (r *playingRule) missOf(taken takenStep) scenario.Miss {
	return scenario.Miss{
		Scenario: r.scenario, Rule: r.index, Condition: taken.condition, Expected: taken.expected, Got: taken.got,
	}
}

// tells reports whether it is told why a rule did not take a call. The defaults explain nothing: they play everywhere
// without being asked for, so their explanations would fill every entry of every journal.
func (e *evaluation) tells(r *playingRule) bool { return !r.byDefault && len(e.misses) < maxMisses }

// addMiss records why a rule did not take a call.
func (e *evaluation) addMiss(r *playingRule, miss scenario.Miss) {
	if e.tells(r) {
		e.misses = append(e.misses, miss)
	}
}
