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
	"github.com/tokenstage/tokenstage/emulator/internal/world"
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
		return verdict{}, p.unknownScenario(only)
	}
	if err != nil {
		return verdict{}, err
	}
	v := verdict{misses: world.MissesOf(decision.Misses), also: world.TouchesOf(decision.Also), effects: decision.Effects}
	if !decision.Decided {
		return v, nil
	}
	v.decision, v.reply = world.DecisionOf(decision), decision.Reply
	if decision.Fault != nil {
		return v, decision.Fault
	}
	return v, nil
}

// notAsked names the rules that would have been asked about a call after its validation, had it not been refused. What
// the call was refused with is not known yet.
func (p *Plane) notAsked(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, playlist []byte,
) []journal.Miss {
	program, err := p.world.Scenarios().Program(ctx, turn.Space(), playlist)
	if err != nil {
		return nil // the call is refused already
	}
	return world.MissesOf(program.NotAsked(play.Input{Call: x.Call(), Operation: x.Operation()}, ""))
}

// unknownScenario refuses a call whose header names a scenario that there is not.
func (p *Plane) unknownScenario(name string) error {
	near := p.world.Library().Suggest(name)
	message := fmt.Sprintf("The header %s names %q, which is no known scenario.", scenarioHeader, name)
	if near != "" {
		message += fmt.Sprintf(" The nearest one is %q.", near)
	}
	return &wire.Fault{Kind: wire.InvalidParameter, Fill: []string{scenarioHeader}, Findings: []wire.Finding{{
		Check: "scenario", Level: wire.LevelError, Expected: near, Got: name,
		Message: message + " `tokenstage scenarios list` prints them all.",
	}}}
}
