package dataplane

import (
	"context"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Observation is one call, told once its reply is on its way. Request, Outcome and Scenario can hold what a client or
// the author of a script wrote: who shows an observation shows no secrets.
type Observation struct {
	// Arrived and Done are when the request had been read, and when its reply had been delivered.
	Arrived, Done time.Time
	Request       *wire.Request
	// RequestID and Sandbox are those of the journal's entry.
	RequestID string
	Sandbox   string
	// Gateway is empty for what no gateway claims, and Operation nil while it is unknown.
	Gateway   string
	Operation *contract.Operation
	// Outcome is "ok", or the code of the error that was sent.
	Outcome string
	Status  int
	// Delivery is how the reply reached the client.
	Delivery journal.Delivery
	// Scenario is the one that decided; empty when none did. Known secrets are masked in it.
	Scenario string
	// Panicked and BrokeSpec are bugs of the emulator: an operation that panicked, and a reply that breaks its spec.
	Panicked  bool
	BrokeSpec bool
	// Steps are those that the call went through, in order; nil unless Options.Steps asks for them.
	Steps []Step
}

// Step is one step of the life of a request. It lasts until the next one begins.
type Step struct {
	Name  string
	Began time.Time
}

// The names of steps.
const (
	stepRoute        = "route"
	stepArrival      = "arrival"
	stepAuthenticate = "authenticate"
	stepValidate     = "validate"
	stepDecide       = "decide"
	stepBehave       = "behave"
	stepRefuse       = "refuse"
	stepCheck        = "check"
	stepJournal      = "journal"
	stepDeliver      = "deliver"
)

// observationOf is what the journal's entry says of a call.
func observationOf(in arrival, entry *journal.Entry, op *contract.Operation) Observation {
	o := Observation{
		Arrived: in.at, Request: in.request, RequestID: entry.ID, Sandbox: entry.Sandbox, Gateway: entry.Gateway,
		Operation: op, Outcome: entry.Outcome, Status: entry.Status, Delivery: entry.Delivery,
		Panicked: entry.Panic != "",
	}
	if entry.Decision != nil {
		o.Scenario = entry.Decision.Scenario
	}
	return o
}

// ObserveEntry tells of a call that did not come over HTTP, once it was journaled.
func (p *Plane) ObserveEntry(ctx context.Context, req *wire.Request, entry *journal.Entry, op *contract.Operation) {
	p.observe(ctx, observationOf(arrival{request: req, at: entry.Arrived}, entry, op))
}

// timeline notes when the steps of a call begin, where somebody asked for that.
type timeline struct {
	now   func() time.Time // nil when nobody asked
	steps []Step
}

func (p *Plane) newTimeline() *timeline {
	if !p.options.Steps {
		return &timeline{}
	}
	return &timeline{now: p.world.RealNow}
}

func (t *timeline) begin(name string) {
	if t.now != nil {
		t.steps = append(t.steps, Step{name, t.now()})
	}
}

// observe tells of a call that is over.
func (p *Plane) observe(ctx context.Context, o Observation) {
	if p.options.Observe == nil {
		return
	}
	o.Done = p.world.RealNow()
	if o.Scenario != "" {
		o.Scenario = p.world.Secrets().Mask(o.Scenario)
	}
	p.options.Observe(ctx, o)
}
