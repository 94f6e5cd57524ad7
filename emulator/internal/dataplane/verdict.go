package dataplane

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
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

// panicError is a panic of an operation as an error that remembers where it came from.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }
