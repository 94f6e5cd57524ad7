package dataplane

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// Handler is the data plane as an http.Handler. Its routes are those of the catalogue; a request that fits none of them
// is answered as well, by the gateway that claims it or with problem details of our own.
func (p *Plane) Handler() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	for _, a := range p.world.HTTPAPIs() {
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
	p.exchange(c.Response().Writer, c.Request())
	return nil
}

// exchange answers one request, and tells what became of it.
func (p *Plane) exchange(w http.ResponseWriter, r *http.Request) Observation {
	p.inFlight.Add(1)
	defer p.inFlight.Add(-1)
	ctx := r.Context()
	req, unread := p.read(r)
	d := p.serveSafely(ctx, arrival{req, unread, p.world.RealNow()})
	if p.options.Steps {
		d.seen.Steps = append(d.seen.Steps, Step{stepDeliver, p.world.RealNow()})
	}
	err := p.deliver(ctx, w, &d)
	if err != nil && ctx.Err() == nil { // else the client left
		p.options.Log.Error("a reply could not be delivered", "error", err)
	}
	p.observe(ctx, d.seen)
	return d.seen
}

// serveSafely is serve, but a panic in it is answered. That of an operation is caught where its provider's words are at
// hand; this one is for everything around it.
func (p *Plane) serveSafely(ctx context.Context, in arrival) (d delivery) {
	defer func() {
		found := recover()
		if found == nil {
			return
		}
		p.options.Log.Error("a bug of the emulator, please report it: a call panicked outside of its operation",
			"panic", p.world.Secrets().Mask(fmt.Sprint(found)), "stack", string(debug.Stack()))
		const body = `{"title":"Internal Server Error","status":500,"detail":"The emulator failed; its log says more."}`
		reply := ownReply(http.StatusInternalServerError, []byte(body))
		d = delivery{Reply: reply, seen: Observation{
			Arrived: in.at, Request: in.request, Outcome: reply.Outcome, Status: reply.Status, Panicked: true,
			Delivery: expected(in.request, verdict{reply: &reply}),
		}}
	}()
	return p.serve(ctx, in)
}
