package emulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/scenarios"
)

// scenarioHeader names a scenario for one request. It is written as net/http keeps it.
const scenarioHeader = "X-Tokenstage-Scenario"

// magic is the scenario that plays in every sandbox until it is switched off: values by which an unmodified app sets
// off errors.
const magic = "magic-values"

// builtinLibrary holds the scenarios that ship, read once for the whole process.
var builtinLibrary = sync.OnceValues(func() (*scenario.Library, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	return scenario.NewLibrary(catalogue, scenarios.Files)
})

// addScenarios reads the scenarios that ship and those that the specs give.
func (e *Emulator) addScenarios() (err error) {
	if len(e.options.Specs) == 0 {
		e.library, err = builtinLibrary()
	} else {
		e.library, err = scenario.NewLibrary(e.catalogue, scenarios.Files)
	}
	if err != nil {
		return err
	}
	var defaults []*scenario.Scenario
	if s, ok := e.library.Get(magic); ok {
		defaults = append(defaults, s)
	}
	e.stage, err = scenario.NewStage(scenario.Options{
		Lookup: e.library.Get, Decode: e.decodeScenario, Outcome: gateways.Outcome, Defaults: defaults,
	})
	return err
}

// decodeScenario reads a document that somebody plays; its error is scenario.Problems.
func (e *Emulator) decodeScenario(source []byte) (*scenario.Scenario, error) {
	s, problems := scenario.Decode(source, e.catalogue)
	if len(problems) > 0 {
		return nil, scenario.Problems(problems)
	}
	return s, nil
}

// Library is every scenario that can be played by name.
func (e *Emulator) Library() *scenario.Library { return e.library }

// Player is what plays in a sandbox.
func (e *Emulator) Player(box *sandbox.Sandbox) scenario.Player { return e.stage.Player(box.Space()) }

// direct asks the scenarios about a call and carries out what they decide. An error is the fault that a script wants;
// verdict.decided says that a script answered itself.
func (e *Emulator) direct(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, phase scenario.Phase, v *verdict,
) error {
	call := x.Call()
	only := call.Request.Header.Get(scenarioHeader)
	decision, err := e.Player(turn.Sandbox).Decide(ctx, scenario.Input{
		Call: call, Operation: x.Operation(), Now: turn.Now, Seed: turn.Seed, Only: only,
	}, phase)
	if errors.Is(err, scenario.ErrUnknown) {
		return &wire.Fault{Kind: wire.InvalidParameter, Fill: []string{scenarioHeader}, Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError, Expected: e.library.Suggest(only), Got: only,
			Message: fmt.Sprintf("The header %s names no known scenario.", scenarioHeader),
		}}}
	}
	if err != nil {
		return err
	}
	v.follow(decision)
	if decision.Fault != nil {
		return decision.Fault
	}
	return nil
}

// follow notes in the journal what was decided, or why not, and takes over delay, network fault and scripted reply.
func (v *verdict) follow(d scenario.Decision) {
	v.entry.Findings = slices.Grow(v.entry.Findings, len(d.Misses))
	for _, m := range d.Misses {
		v.entry.Findings = append(v.entry.Findings, wire.Finding{
			Check: "scenario " + m.Scenario + ", rule " + strconv.Itoa(m.Rule), Level: wire.LevelAdvice,
			Message:  "The rule did not take the call: " + m.Condition + ".",
			Expected: m.Expected, Got: m.Got,
		})
	}
	if !d.Decided {
		return
	}
	v.entry.Decision = &journal.Decision{Scenario: d.Scenario, Rule: d.Rule, Step: d.Step}
	v.delay += d.Delay
	if d.Network != "" {
		v.network = d.Network
	}
	if d.Reply != nil {
		v.reply, v.decided = *d.Reply, true
	}
}
