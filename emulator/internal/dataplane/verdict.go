package dataplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// verdict is what a step of the pipeline decided about a call. The zero verdict decides nothing.
type verdict struct {
	reply    *wire.Reply // nil until something answers
	findings []wire.Finding
	decision *journal.Decision
	misses   []journal.Miss
	delay    time.Duration
	network  scenario.Network
	issued   bool   // the reply holds something that is kept with the journal's entry
	panicked string // the stack of a panic
}

// and is the verdict of two steps together; of two replies the later one counts.
func (v verdict) and(later verdict) verdict {
	v.findings = append(v.findings, later.findings...)
	v.misses = append(v.misses, later.misses...)
	v.delay += later.delay
	v.issued = v.issued || later.issued
	if later.reply != nil {
		v.reply = later.reply
	}
	if later.decision != nil {
		v.decision = later.decision
	}
	if later.network != "" {
		v.network = later.network
	}
	if later.panicked != "" {
		v.panicked = later.panicked
	}
	return v
}

// refuse answers an error in the gateway's envelope, with what it says to people.
func (*Plane) refuse(x gateway.Exchange, err error) verdict {
	fault := gateway.AsFault(err)
	reply := x.Refuse(fault)
	v := verdict{reply: &reply, findings: fault.Findings}
	if panicked, ok := errors.AsType[*panicError](fault.Cause); ok {
		v.panicked = string(panicked.stack)
		v.findings = append(v.findings, wire.Finding{
			Check: "emulator", Level: wire.LevelError, Message: "A bug of the emulator, please report it: " + panicked.Error(),
		})
	}
	return v
}

// scenarioHeader names a scenario for one request.
const scenarioHeader = "X-Tokenstage-Scenario"

// direct asks what plays, by the record of the sandbox, about a call. An error is the fault that a script wants; a reply is the script's own.
func (p *Plane) direct(
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
