package dataplane

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// scenarioHeader names a scenario for one request.
const scenarioHeader = "X-Tokenstage-Scenario"

// askScenarios asks what plays in the sandbox, by its record, about a call. An error is the fault that a script wants;
// a reply is the script's own.
func (p *Plane) askScenarios(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, playlist []byte, phase scenario.Phase,
) (verdict, error) {
	call := x.Call()
	only := call.Request.Header.Get(scenarioHeader)
	program, err := p.world.Scenarios().Program(ctx, turn.Space(), playlist)
	if err != nil {
		return verdict{}, err
	}
	decision, err := program.Decide(ctx, turn.Space(), play.Input{
		Call: call, Operation: x.Operation(), Now: turn.Now, Seed: turn.Seed, Only: only,
	}, phase)
	if errors.Is(err, play.ErrUnknown) {
		return verdict{}, &wire.Fault{Kind: wire.InvalidParameter, Fill: []string{scenarioHeader}, Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError, Expected: p.world.Library().Suggest(only), Got: only,
			Message: fmt.Sprintf("The header %s names no known scenario.", scenarioHeader),
		}}}
	}
	if err != nil {
		return verdict{}, err
	}
	v := verdict{misses: missesOf(decision.Misses)}
	if !decision.Decided {
		return v, nil
	}
	v.decision = &journal.Decision{Scenario: decision.Scenario, Rule: decision.Rule, Step: decision.Step}
	v.delay, v.network, v.reply = decision.Delay, decision.Network, decision.Reply
	if decision.Fault != nil {
		return v, decision.Fault
	}
	return v, nil
}

// missesOf are the rules that did not take a call, as the journal keeps them.
func missesOf(misses []scenario.Miss) []journal.Miss {
	var kept []journal.Miss
	for _, m := range misses {
		kept = append(kept, journal.Miss(m))
	}
	return kept
}
