// Package dataplane is the life of a request: it serves the emulated APIs, on Echo.
package dataplane

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
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
	options  Options
	stopping chan struct{} // closed when scripted delays and stalls must end
	stop     sync.Once
	inFlight atomic.Int64
	dates    dates
}

// New returns the data plane. A handler without an operation in the spec is refused.
func New(o Options) (*Plane, error) {
	p := &Plane{world: o.World, handlers: map[string]api.Handler{}, options: o, stopping: make(chan struct{})}
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
	left := len(a.Handlers)
	for _, op := range spec.Operations {
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

// Handler is the data plane as an http.Handler. Its routes are those of the catalogue; a request that fits none of them
// is answered as well, by the gateway that claims it or in our own voice.
func (p *Plane) Handler() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	for _, a := range p.world.Catalogue().APIs {
		for _, op := range a.Operations {
			for _, method := range op.Methods {
				e.Add(method, routeOf(op), p.handle).Name = op.Name
			}
		}
	}
	// Echo ends in an error where it finds no route, or none for the method, and answers OPTIONS of a known path itself:
	// what is said to those is for the gateways to know.
	e.HTTPErrorHandler = func(_ error, c echo.Context) { _ = p.handle(c) }
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if c.Request().Method == http.MethodOptions {
				return p.handle(c)
			}
			return next(c)
		}
	})
	return e
}

// parameter is one in the path of a spec.
var parameter = regexp.MustCompile(`\{([^}]+)\}`)

// routeOf is the path of an operation as Echo writes it: parameters after a colon.
func routeOf(op *contract.Operation) string { return parameter.ReplaceAllString(op.Path, ":$1") }

func (p *Plane) handle(c echo.Context) error {
	p.inFlight.Add(1)
	defer p.inFlight.Add(-1)
	ctx := c.Request().Context()
	req, unread := read(c.Request())
	d := p.serveSafely(ctx, arrival{req, unread, p.world.RealNow()})
	if p.options.Steps {
		d.seen.Steps = append(d.seen.Steps, Step{stepDeliver, p.world.RealNow()})
	}
	err := p.deliver(ctx, c.Response().Writer, d)
	if err != nil {
		p.options.Log.Error("a reply could not be delivered", "error", err)
	}
	p.observe(ctx, d.seen)
	return nil
}
