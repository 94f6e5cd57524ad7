package play

import (
	"context"
	"errors"
	"fmt"
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
	// prefix begins the keys of its cursors. It differs from that of every other scenario that is or was played in the
	// sandbox.
	prefix string
	// needed is the key that is there for as long as the scenario plays; empty for one that nobody played.
	needed    string
	byDefault bool
}

func newProgram(engine *Engine, scenarios []playingScenario) *Program {
	return &Program{engine: engine, scenarios: scenarios, rules: indexRules(scenarios)}
}

// indexRules returns the rules of scenarios, indexed by Phase.
func indexRules(scenarios []playingScenario) [2]ruleIndex {
	var rules [2][]*playingRule
	for _, s := range scenarios {
		records := map[string]*recordOf{}
		for i := range s.rules {
			r := &s.rules[i]
			of, ok := records[r.Per]
			if !ok {
				if s.inRecord[r.Per] {
					of = &recordOf{prefix: s.prefix, per: r.Per, needed: s.needed}
				}
				records[r.Per] = of
			}
			phase := scenario.AtDecision
			if r.Arrival {
				phase = scenario.AtArrival
			}
			rules[phase] = append(rules[phase], &playingRule{
				compiledRule: r, scenario: s.name, key: cursorKey(s.prefix, i), needed: s.needed, byDefault: s.byDefault,
				record: of,
			})
		}
	}
	return [2]ruleIndex{newRuleIndex(rules[scenario.AtArrival]), newRuleIndex(rules[scenario.AtDecision])}
}

// Decide asks the rules of what plays, newest scenario first, and lets the first that takes the call decide. The
// cursors of the rules are kept in the space. What was stopped or played again meanwhile takes no call any more: then
// what plays now is asked. An error is that of the store, or ErrUnknown for Input.Only.
func (p *Program) Decide(
	ctx context.Context, space store.Space, in Input, phase scenario.Phase,
) (scenario.Decision, error) {
	if in.Only == "" && len(p.rulesFor(&in, phase)) == 0 {
		return scenario.Decision{}, nil
	}
	e := evaluation{space: space, call: call{
		Input: in, fields: fieldReader{CallFields: scenario.CallFields{Call: in.Call}}, gateways: p.engine.options.Gateways,
	}}
	decision, err := p.ask(ctx, &e, phase)
	for try := 1; errors.Is(err, errStopped) && try < stoppedTries; try++ {
		record, _, failure := space.Get(ctx, PlaylistKey)
		if failure != nil {
			return scenario.Decision{}, fmt.Errorf("read what plays: %w", failure)
		}
		if p, err = p.engine.Program(ctx, space, record); err != nil {
			return scenario.Decision{}, err
		}
		e.misses = nil
		decision, err = p.ask(ctx, &e, phase)
	}
	return decision, err
}

// ask asks the scenario that the call names, and then what plays.
func (p *Program) ask(ctx context.Context, e *evaluation, phase scenario.Phase) (scenario.Decision, error) {
	if e.Only != "" {
		named, err := p.engine.programNamed(e.Only, p)
		if err != nil {
			return scenario.Decision{}, err
		}
		if decision, err := e.ask(ctx, named.rulesFor(&e.Input, phase)); err != nil || decision.Decided {
			return decision, err
		}
	}
	return e.ask(ctx, p.rulesFor(&e.Input, phase))
}

// NotAsked lists the rules that are asked about a call after its validation, for one that is refused before with that
// outcome, empty where it is not known yet. Those of the defaults are left out, as they are of other misses.
func (p *Program) NotAsked(in Input, outcome string) []scenario.Miss {
	var list []scenario.Miss
	for _, r := range p.rulesFor(&in, scenario.AtDecision) {
		if !r.byDefault && len(list) < maxMisses {
			list = append(list, scenario.Miss{
				Scenario: r.scenario, Rule: r.index, Condition: scenario.Refused,
				Expected: "a call that passes authentication and validation; at: arrival asks before them", Got: outcome,
			})
		}
	}
	return list
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

// size counts the bytes of its scenarios' texts and expressions for the cache. Those of the defaults are left out: the
// engine keeps them in any case.
func (p *Program) size() (sum int) {
	for _, s := range p.scenarios {
		if !s.byDefault {
			sum += s.weight
		}
	}
	return sum
}
