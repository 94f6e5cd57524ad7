package play

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// recordOf is where the rules of one scenario that keep cursors for the same field keep what they remember.
type recordOf struct {
	prefix string // of the scenario's keys
	per    string // as in scenario.Rule
	needed string // as in playingScenario
}

// keptValue is the value of a field for which a record is kept.
type keptValue struct {
	key  string
	salt uint64 // makes the rules draw different random numbers for two values
	// shown is the value as explanations and listings repeat it; empty for a record that is not about a field.
	shown string
}

// valueFor finds the record of a call.
func (e *evaluation) valueFor(r *playingRule) keptValue {
	if r.Per == "" {
		return keptValue{key: recordKey(r.record.prefix)}
	}
	text, present := e.fields.read(&r.per)
	hash := sha256.New()
	hash.Write([]byte(r.Per + "\x00" + strconv.FormatBool(present) + "\x00" + text))
	sum := hash.Sum(nil)
	return keptValue{
		key:   valueRecordKey(r.record.prefix, hex.EncodeToString(sum[:16])),
		salt:  binary.LittleEndian.Uint64(sum[16:]),
		shown: e.fields.describe(&r.per, text, present),
	}
}

// sharedRule is a rule that is asked together with others of its record, and the condition that the call does not meet,
// nil where it fits as far as the call itself says.
type sharedRule struct {
	*playingRule
	unmet *compiledCondition
}

// sharedResult is what rules of one record decided about a call.
type sharedResult struct {
	rule    *playingRule // that took the call; nil when none did
	taken   takenStep
	states  map[string]string
	misses  []ruleMiss
	effects scenario.Effects
	also    []scenario.Touch
	counted []*playingRule
	// isNew says that the record was written for the first time, changed that it was written at all.
	isNew, changed bool
}

// ruleMiss is why a rule did not take a call.
type ruleMiss struct {
	rule *playingRule
	miss scenario.Miss
}

// errUnchanged keeps the store from writing a record that a call left as it was.
var errUnchanged = errors.New("the record stays as it is")

// askShared asks rules of one record, all in one atomic step: of concurrent calls each finds the states and cursors as
// the one before left them.
func (e *evaluation) askShared(ctx context.Context, rules []sharedRule) (sharedResult, error) {
	first := rules[0].playingRule
	value := e.valueFor(first)
	var result sharedResult
	var needed []string
	if first.needed != "" {
		needed = []string{first.needed}
	}
	err := e.space.Update(ctx, value.key, func(old []byte) ([]byte, time.Time, error) {
		kept, err := readRuleRecord(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		if result = e.consider(rules, kept, value); !result.changed {
			return nil, time.Time{}, errUnchanged
		}
		result.isNew = old == nil
		raw, err := record.Write(kept)
		return raw, time.Time{}, err
	}, needed...)
	switch absent := (*store.AbsentError)(nil); {
	case errors.As(err, &absent):
		return sharedResult{}, errStopped
	case err != nil && !errors.Is(err, errUnchanged):
		return sharedResult{}, fmt.Errorf("move the cursors: %w", err)
	}
	if result.isNew && first.Per != "" {
		err = e.keepValue(ctx, *first.record, value)
	} else {
		err = nil
	}
	return result, err
}

// consider asks rules in their order until one takes the call, and changes what they remember. It has no effects beside
// that: the store may call it again.
func (e *evaluation) consider(rules []sharedRule, kept *ruleRecord, value keptValue) sharedResult {
	var result sharedResult
	for _, r := range rules {
		if r.unmet != nil {
			result.misses = append(result.misses, ruleMiss{r.playingRule, e.missOfCall(r.playingRule, r.unmet)})
			continue
		}
		if e.hasCounted(r.playingRule) {
			continue
		}
		taken, changed := e.takeShared(r.playingRule, kept, value)
		result.changed = result.changed || changed
		switch {
		case taken.step == nil && !taken.touched:
			result.misses = append(result.misses, ruleMiss{r.playingRule, r.missOf(taken)})
		case taken.touched:
			result.effects = result.effects.And(taken.kept.effects)
			result.also = append(result.also, scenario.Touch{Scenario: r.scenario, Rule: r.index})
		default:
			result.rule, result.taken = r.playingRule, taken
			result.states = kept.values(e.Now)
			return result
		}
		if changed {
			result.counted = append(result.counted, r.playingRule)
		}
	}
	return result
}

// takeShared asks one rule. It reports whether the record changed.
func (e *evaluation) takeShared(r *playingRule, kept *ruleRecord, value keptValue) (_ takenStep, changed bool) {
	for i := range r.onStates {
		if c := &r.onStates[i]; !e.holds(c, kept) {
			return takenStep{condition: c.label, expected: c.Expected, got: e.got(c, kept)}, false
		}
	}
	cursor := kept.cursor(r.index)
	if ends := r.windowEnd(cursor.Since); !ends.IsZero() && !e.Now.Before(ends) {
		return takenStep{
			condition: r.windowName(), expected: "a call before " + ends.Format(time.RFC3339),
			got: "one at " + e.Now.UTC().Format(time.RFC3339),
		}, false
	}
	salt := r.salt ^ value.salt
	if !r.Chance.Always() {
		changed = true
		if miss, ok := e.drawRule(r, cursor, salt); !ok {
			return miss, true
		}
	}
	taken, moved := r.move(cursor, e.Now)
	changed = changed || moved
	if taken.step == nil && !taken.touched {
		return taken, changed
	}
	if cursor.Since.IsZero() {
		cursor.Since = e.Now
	}
	taken.kept = &keptStep{key: value}
	if taken.left == 0 {
		taken.left = e.leftOf(r, kept)
	}
	kept.set(r.then, e.Now)
	e.drawShared(r, &taken, kept, salt)
	return taken, true
}

// drawShared draws what a call gets that a rule took, and sets the states of that.
func (e *evaluation) drawShared(r *playingRule, taken *takenStep, kept *ruleRecord, salt uint64) {
	if taken.touched {
		chance := newCallChance(e.Seed, salt, uint64(taken.number))
		taken.kept.effects = effectsOf(r.Also.Delay, r.Also.Network, r.Also.Flow, chance)
		return
	}
	taken.kept.drawn = taken.step.draw(e.Seed, salt, taken.number)
	if !taken.kept.drawn.passes {
		kept.set(taken.step.then, e.Now)
	}
	if taken.kept.drawn.chosen != nil {
		kept.set(taken.kept.drawn.chosen.then, e.Now)
	}
}

// drawRule draws whether the rule takes a call that fits.
func (e *evaluation) drawRule(r *playingRule, cursor *ruleCursor, salt uint64) (miss takenStep, taken bool) {
	if cursor.Fits++; cursor.Fits == 1 {
		cursor.First = e.Now
	}
	chance := chanceAt(r.Chance, cursor.First, e.Now)
	drawn := newCallChance(e.Seed, salt^chanceSalt, uint64(cursor.Fits)).Float64()
	return takenStep{
		condition: "chance", expected: fmt.Sprintf("a draw below %.4g", chance), got: fmt.Sprintf("%.4f", drawn),
	}, drawn < chance
}

// chanceSalt makes the chance of a rule and that of its steps draw different random numbers.
const chanceSalt = 0x9e3779b97f4a7c15

// move moves the cursor by one call. It reports whether it changed.
func (r *playingRule) move(cursor *ruleCursor, now time.Time) (_ takenStep, moved bool) {
	switch {
	case r.Also != nil:
		cursor.Taken++
		return takenStep{touched: true, number: cursor.Taken}, true
	case r.day != nil:
		return r.moveDay(cursor, now), true
	case r.Quota != nil:
		if cursor.Bucket == nil {
			cursor.Bucket = newBucket(r.Quota, now)
		}
		taken := r.spend(cursor.Bucket, now)
		cursor.Taken = int64(cursor.Bucket.Over)
		return taken, true
	}
	taken := r.stepOf(cursor.Taken + 1)
	if taken.step != nil {
		cursor.Taken++
	}
	return taken, taken.step != nil
}

// windowName is the word that ends the rule.
func (r *compiledRule) windowName() string {
	if r.For > 0 {
		return "for"
	}
	return "until"
}

// leftOf is how long the windows still last in which the rule takes calls: its own, those of its conditions on the
// time, and those of the states that it looks at. It is zero where there is none.
func (e *evaluation) leftOf(r *playingRule, kept *ruleRecord) time.Duration {
	var ends time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (ends.IsZero() || t.Before(ends)) {
			ends = t
		}
	}
	if kept != nil {
		sooner(r.windowEnd(kept.cursor(r.index).Since))
		for i := range r.onStates {
			_, end, _ := kept.state(r.onStates[i].name, e.Now)
			sooner(end)
		}
	}
	for i := range r.conditions {
		if c := &r.conditions[i]; c.Span != nil {
			sooner(c.Span.End(e.Now, c.zone))
		}
	}
	if ends.IsZero() {
		return 0
	}
	return max(ends.Sub(e.Now), 0)
}

// maxValues is the largest number of values of fields for which a scenario that plays keeps records. A further one
// takes the place of the one whose first call is the longest ago.
const maxValues = 10_000

// keptName is the record of a value, for listings.
type keptName struct {
	Per   string `cbor:"1,keyasint"`
	Shown string `cbor:"2,keyasint"`
	Key   string `cbor:"3,keyasint"`
}

// keepValue notes a value for which a record was written for the first time, and drops the oldest record where there
// are too many. Each note has a number of its own, so of concurrent callers each drops another one.
func (e *evaluation) keepValue(ctx context.Context, of recordOf, value keptValue) error {
	raw, err := record.Write(keptName{of.per, value.shown, value.key})
	if err != nil {
		return fmt.Errorf("write the name of a value: %w", err)
	}
	counted := store.Increment{Key: valuesKey(of.prefix), Delta: 1}
	if err := e.space.Do(ctx, whilePlays(of.needed, &counted)...); err != nil {
		return fmt.Errorf("count the values: %w", err)
	}
	n := counted.Sum
	steps := []store.Step{&store.Put{Key: valueKey(of.prefix, n), Value: raw}}
	var oldest store.Take
	if n > maxValues {
		oldest = store.Take{Key: valueKey(of.prefix, n-maxValues)}
		steps = append(steps, &oldest)
	}
	if err := e.space.Do(ctx, whilePlays(of.needed, steps...)...); err != nil {
		return fmt.Errorf("keep the name of a value: %w", err)
	}
	if !oldest.Found {
		return nil
	}
	var gone keptName
	if err := record.Read(oldest.Value, &gone); err != nil {
		return fmt.Errorf("read the name of a value: %w", err)
	}
	if err := e.space.Delete(ctx, gone.Key); err != nil {
		return fmt.Errorf("drop the oldest value: %w", err)
	}
	return nil
}

// whilePlays are steps that are carried out only where a needed key is there.
func whilePlays(needed string, steps ...store.Step) []store.Step {
	if needed == "" {
		return steps
	}
	return append([]store.Step{&store.Get{Key: needed, Needed: true}}, steps...)
}
