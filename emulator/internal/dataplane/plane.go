// Package dataplane is the life of a request: it serves the emulated APIs, on Echo.
package dataplane

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Options are what a Plane is made of.
type Options struct {
	World *world.World
	// APIs are those that have code; operations that have none answer from their spec.
	APIs []api.API
	// After is how a scripted delay waits.
	After func(time.Duration) <-chan time.Time
	// WriteTimeout is how long a client may take what is written after a scripted delay, or a piece of a drip.
	WriteTimeout time.Duration
	// Violation is called when a reply breaks its spec, which is a bug of the emulator; nil means that it is journaled
	// and logged.
	Violation func(error)
	// Observe is told of every call once its reply is delivered; nil means that nobody watches, at no cost. It is called
	// by many calls at once.
	Observe func(context.Context, Observation)
	// Steps says that observations name their steps, which costs a look at the clock each.
	Steps bool
	Log   *slog.Logger
}

// Plane answers requests. It is safe for concurrent use.
type Plane struct {
	world    *world.World
	handlers map[string]api.Handler // by operation name
	spent    map[string]api.Spent   // the same
	options  Options
	stopping chan struct{} // closed when scripted delays and stalls must end
	stop     sync.Once
	inFlight atomic.Int64
	dates    dates
}

// New returns the data plane. A handler without an operation in the spec is refused.
func New(o Options) (*Plane, error) {
	p := &Plane{
		world: o.World, handlers: map[string]api.Handler{}, spent: map[string]api.Spent{}, options: o,
		stopping: make(chan struct{}),
	}
	for _, a := range o.APIs {
		if err := p.add(a); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Plane) add(a api.API) error {
	spec := p.world.Catalogue().API(a.Name)
	if spec == nil {
		return fmt.Errorf("the API %s has code but no spec", a.Name)
	}
	left := len(a.Handlers) + len(a.Spent)
	for _, op := range spec.Operations {
		if spent, ok := a.Spent[op.ID]; ok {
			p.spent[op.Name] = spent
			left--
		}
		if handler, ok := a.Handlers[op.ID]; ok {
			p.handlers[op.Name] = handler
			left--
		}
	}
	if left > 0 {
		return fmt.Errorf("the API %s has handlers for operations that its spec does not have", a.Name)
	}
	return nil
}

// Stop ends scripted delays and stalls, so that a server can close without waiting for them. Calls that come later are
// answered without them.
func (p *Plane) Stop() { p.stop.Do(func() { close(p.stopping) }) }

// InFlight is how many requests are being answered.
func (p *Plane) InFlight() int64 { return p.inFlight.Load() }

// emergencyTurn stands in when the store does not answer, so that the failure can be sent in the provider's shape. It
// is one of the sandbox that is known to have the credential, or of the default one.
func (p *Plane) emergencyTurn(c wire.Credential) *sandbox.Turn {
	now := p.world.RealNow().UTC()
	box := p.world.Sandboxes().Remembered(c)
	if box == nil {
		box = p.world.Default()
	}
	// What is drawn in it differs from call to call.
	return &sandbox.Turn{Sandbox: box, Now: now, Real: now, Number: uint64(now.UnixNano())}
}

// wait lasts for d, without end when d is zero. It reports false when the client left or the emulator stopped before.
func (p *Plane) wait(ctx context.Context, d time.Duration) bool {
	var over <-chan time.Time
	if d > 0 {
		over = p.options.After(d)
	}
	select {
	case <-over:
		return true
	case <-ctx.Done():
	case <-p.stopping:
	}
	return false
}
