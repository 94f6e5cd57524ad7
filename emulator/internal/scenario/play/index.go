package play

import (
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// playingRule is a rule of a playing scenario.
type playingRule struct {
	*compiledRule
	scenario  string
	key       string // the key of its cursor in the store
	byDefault bool
}

// takenStep is the step that a rule gives to one call.
type takenStep struct {
	// step is nil when the rule lets the call go on to the next rules. Then condition,
	// expected and got say why.
	step                     *compiledStep
	condition, expected, got string
	// number counts, from 1, the calls that the rule took.
	number int64
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
		if api, ok := strings.CutSuffix(r.On, scenario.WholeAPI); ok {
			x.byAPI[api] = rulesOn(rules, api+".")
		} else if r.On != scenario.AllOperations {
			x.byOperation[r.On] = rulesOn(rules, r.On)
		}
	}
	return x
}

// rulesOn returns the rules on an operation, in their order.
func rulesOn(rules []*playingRule, operation string) []*playingRule {
	var found []*playingRule
	for _, r := range rules {
		api, whole := strings.CutSuffix(r.On, scenario.WholeAPI)
		if r.On == scenario.AllOperations || r.On == operation || whole && strings.HasPrefix(operation, api+".") {
			found = append(found, r)
		}
	}
	return found
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
