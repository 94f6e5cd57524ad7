package world

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Verdict is what checks and scenarios have decided so far about something that a client does over a connection of its
// own: a packet of MQTT, a frame of a socket.
type Verdict struct {
	Fault    *wire.Fault // nil for what is good
	Findings []wire.Finding
	Decision *journal.Decision
	Misses   []journal.Miss
	Also     []journal.Touch
	Effects  scenario.Effects
}

// Fail ends it in an error.
func (v *Verdict) Fail(err error) {
	v.Fault = gateway.AsFault(err)
	v.Findings = append(v.Findings, v.Fault.Findings...)
}

// Ask lets the scenarios of a playlist speak at a phase, and reports whether they decided the answer. They can let it
// fail, wait or be lost; a reply of their own is one of HTTP, and an error here.
func (v *Verdict) Ask(
	ctx context.Context, w *World, turn *sandbox.Turn, playlist []byte, about play.Input, phase scenario.Phase,
) bool {
	program, err := w.engine.Program(ctx, turn.Space(), playlist)
	if err != nil {
		v.Fail(err)
		return true
	}
	about.Now, about.Seed = turn.Now, turn.Seed
	decision, err := program.Decide(ctx, turn.Space(), about, phase)
	if err != nil {
		v.Fail(err)
		return true
	}
	v.Misses = append(v.Misses, MissesOf(decision.Misses)...)
	v.Also = append(v.Also, TouchesOf(decision.Also)...)
	v.Effects = v.Effects.And(decision.Effects)
	if !decision.Decided {
		return false
	}
	v.Decision = DecisionOf(decision)
	if decision.Fault != nil {
		v.Fail(decision.Fault)
	}
	return v.Fault != nil
}
