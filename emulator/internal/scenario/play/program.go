package play

import (
	"context"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Program is what plays in a sandbox: compiled rules, in the order in which they are asked. It never changes, and
// sandboxes in which the same scenarios play can share one.
type Program struct {
	// engine finds the scenario that a call names in a header, which need not play.
	engine    *Engine
	scenarios []playingScenario
	rules     [2]ruleIndex // indexed by Phase
}

// playingScenario is one scenario of a program.
type playingScenario struct {
	*compiledScenario
	// id tells this scenario from every other one that is or was played in its sandbox. The keys of its cursors hold
	// it.
	id        string
	byDefault bool
}

func newProgram(engine *Engine, scenarios []playingScenario) *Program {
	var rules [2][]*playingRule
	for _, s := range scenarios {
		for i := range s.rules {
			r := &s.rules[i]
			phase := scenario.AtDecision
			if r.Arrival {
				phase = scenario.AtArrival
			}
			rules[phase] = append(rules[phase], &playingRule{
				compiledRule: r, scenario: s.name, key: cursorKey(s.id, i), byDefault: s.byDefault,
			})
		}
	}
	return &Program{engine: engine, scenarios: scenarios, rules: [2]ruleIndex{
		newRuleIndex(rules[scenario.AtArrival]), newRuleIndex(rules[scenario.AtDecision]),
	}}
}

// Decide asks the rules of what plays, newest scenario first, and lets the first that takes the call decide. The
// cursors of the rules are kept in the space. An error is that of the store, or ErrUnknown for Input.Only.
func (p *Program) Decide(
	ctx context.Context, space store.Space, in Input, phase scenario.Phase,
) (scenario.Decision, error) {
	rules := p.rulesFor(&in, phase)
	if in.Only == "" && len(rules) == 0 {
		return scenario.Decision{}, nil
	}
	e := evaluation{space: space, call: call{
		Input: in, fields: fieldReader{CallFields: scenario.CallFields{Call: in.Call}}, gateways: p.engine.options.Gateways,
	}}
	if in.Only != "" {
		named, err := p.engine.programNamed(in.Only, p)
		if err != nil {
			return scenario.Decision{}, err
		}
		if decision, err := e.ask(ctx, named.rulesFor(&in, phase)); err != nil || decision.Decided {
			return decision, err
		}
	}
	return e.ask(ctx, rules)
}

// rulesFor returns the rules of a phase that apply to the operation of the call.
func (p *Program) rulesFor(in *Input, phase scenario.Phase) []*playingRule {
	api, operation := in.Call.API, ""
	switch {
	case in.Operation != nil:
		api, operation = in.Operation.API.Name, in.Operation.Name
	case in.Call.Operation != "":
		operation = api + "." + in.Call.Operation
	}
	return p.rules[phase].find(api, operation)
}

// find returns the scenario of that name.
func (p *Program) find(name string) (playingScenario, bool) {
	i := slices.IndexFunc(p.scenarios, func(s playingScenario) bool { return s.name == name })
	if i < 0 {
		return playingScenario{}, false
	}
	return p.scenarios[i], true
}

// size counts the bytes of its scenarios' texts for the cache. Those of the defaults are left out: the engine keeps
// them in any case.
func (p *Program) size() (sum int) {
	for _, s := range p.scenarios {
		if !s.byDefault {
			sum += s.textSize
		}
	}
	return sum
}
