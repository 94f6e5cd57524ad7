package dataplane

import (
	"errors"
	"fmt"
	"maps"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// verdict is what a step of the pipeline decided about a call. The zero verdict decides nothing.
type verdict struct {
	reply    *wire.Reply // nil until something answers
	findings []wire.Finding
	decision *journal.Decision
	also     []journal.Touch
	misses   []journal.Miss
	effects  scenario.Effects
	handled  bool   // the operation's code ran
	issued   bool   // the reply holds something that is kept with the journal's entry
	panicked string // the stack of a panic
}

// and is the verdict of two steps together; of two replies the later one counts.
func (v verdict) and(later verdict) verdict {
	v.findings = append(v.findings, later.findings...)
	v.misses = append(v.misses, later.misses...)
	v.also = append(v.also, later.also...)
	v.effects = v.effects.And(later.effects)
	v.handled = v.handled || later.handled
	v.issued = v.issued || later.issued
	if later.reply != nil {
		v.reply = later.reply
	}
	if later.decision != nil {
		v.decision = later.decision
	}
	if later.panicked != "" {
		v.panicked = later.panicked
	}
	return v
}

// nameRefusal tells rules that were not asked what the call was refused with.
func (v verdict) nameRefusal() {
	for i := range v.misses {
		if m := &v.misses[i]; m.Condition == scenario.Refused {
			m.Got = v.reply.Outcome
		}
	}
}

// refuse answers an error in the gateway's envelope, with what it says to people.
func (*Plane) refuse(x gateway.Exchange, err error) verdict {
	fault := gateway.AsFault(err)
	reply := x.Refuse(fault)
	maps.Copy(reply.Header, fault.Header)
	v := verdict{reply: &reply, findings: fault.Findings}
	if panicked, ok := errors.AsType[*panicError](fault.Cause); ok {
		v.panicked = string(panicked.stack)
		v.findings = append(v.findings, wire.Finding{
			Check: "emulator", Level: wire.LevelError, Message: "A bug of the emulator, please report it: " + panicked.Error(),
		})
	}
	return v
}

// alike tells of the credential that a caller most likely meant who was refused and named one that is not known.
func (p *Plane) alike(turn *sandbox.Turn, named wire.Credential) verdict {
	if _, known := turn.Key(named); known {
		return verdict{}
	}
	id, box := p.world.Sandboxes().Nearest(named)
	if id == "" {
		return verdict{}
	}
	return verdict{findings: []wire.Finding{{
		Check: "credential", Level: wire.LevelAdvice, Expected: id, Got: named.ID,
		Message: fmt.Sprintf("The nearest credential that is known is %q, of the sandbox %s.", id, box),
	}}}
}

// panicError is a panic of an operation as an error that remembers where it came from.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }
