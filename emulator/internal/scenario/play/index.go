package play

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// playingRule is a rule of a playing scenario.
type playingRule struct {
	*compiledRule
	scenario  string
	key       string // the key of its cursor in the store
	needed    string // as in playingScenario
	byDefault bool
	// record is where the rule keeps what it remembers, with others of its scenario; nil for one that keeps a cursor
	// alone.
	record *recordOf
}

// takenStep is the step that a rule gives to one call.
type takenStep struct {
	// step is nil when the rule lets the call go on to the next rules. Then condition,
	// expected and got say why.
	step                     *compiledStep
	condition, expected, got string
	// number counts, from 1, the calls that the rule took.
	number int64
	// left is how long the quota that the call is over, or the window of the rule, still lasts; zero where it has neither.
	left time.Duration
	// refused is the time until a quota that the call is over has room again; zero for a script.
	refused time.Duration

	// touched says that the rule had effects and lets the call go on.
	touched bool
	// kept is what a rule with a record decided beside; nil for other rules.
	kept *keptStep
}

// keptStep is what a rule with a record decides inside of its one atomic step.
type keptStep struct {
	effects scenario.Effects
	drawn   drawnStep // what chance has decided of the step
	key     keptValue
}

// ruleIndex finds the rules on an operation without looking at all of them.
type ruleIndex struct {
	byOperation map[string][]*playingRule // for operations that some rule names
	byAPI       map[string][]*playingRule // for the other operations of APIs that some rule names
	others      []*playingRule            // for all other operations
}

func newRuleIndex(rules []*playingRule) ruleIndex {
	x := ruleIndex{
		byOperation: map[string][]*playingRule{}, byAPI: map[string][]*playingRule{}, others: rulesOn(rules, ""),
	}
	for _, r := range rules {
		for _, on := range r.On {
			api, whole := strings.CutSuffix(on, scenario.WholeAPI)
			switch {
			case whole && x.byAPI[api] == nil:
				x.byAPI[api] = rulesOn(rules, api+".")
			case !whole && on != scenario.AllOperations && x.byOperation[on] == nil:
				x.byOperation[on] = rulesOn(rules, on)
			}
		}
	}
	return x
}

// rulesOn returns the rules on an operation, in their order.
func rulesOn(rules []*playingRule, operation string) []*playingRule {
	var found []*playingRule
	for _, r := range rules {
		if slices.ContainsFunc(r.On, func(on string) bool { return isOn(on, operation) }) {
			found = append(found, r)
		}
	}
	return found
}

// isOn reports whether an entry of Rule.On names an operation.
func isOn(on, operation string) bool {
	api, whole := strings.CutSuffix(on, scenario.WholeAPI)
	return on == scenario.AllOperations || on == operation || whole && strings.HasPrefix(operation, api+".")
}

func (x *ruleIndex) find(api, operation string) []*playingRule {
	if rules, ok := x.byOperation[operation]; ok {
		return rules
	}
	if rules, ok := x.byAPI[api]; ok {
		return rules
	}
	return x.others
}
