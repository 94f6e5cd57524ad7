package dataplane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// scenarioHeader names a scenario for one request. It is written as net/http keeps it.
const scenarioHeader = "X-Tokenstage-Scenario"

// direct asks the scenarios about a call and carries out what they decide. An error is the fault that a script wants;
// verdict.decided says that a script answered itself.
func (p *Plane) direct(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, phase scenario.Phase, v *verdict,
) error {
	call := x.Call()
	only := gateway.First(call.Request.Header, scenarioHeader)
	decision, err := p.world.Player(turn.Sandbox).Decide(ctx, scenario.Input{
		Call: call, Operation: x.Operation(), Now: turn.Now, Seed: turn.Seed, Only: only,
	}, phase)
	if errors.Is(err, scenario.ErrUnknown) {
		return &wire.Fault{Kind: wire.InvalidParameter, Fill: []string{scenarioHeader}, Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError, Expected: p.world.Library().Suggest(only), Got: only,
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
