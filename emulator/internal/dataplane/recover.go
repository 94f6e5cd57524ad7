package dataplane

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// serveSafely is serve, but a panic in it is answered. That of an operation is caught where its provider's words are at
// hand; this one is for everything around it.
func (p *Plane) serveSafely(ctx context.Context, req *wire.Request, unread *wire.Fault) (d delivery) {
	started := p.world.RealNow()
	defer func() {
		found := recover()
		if found == nil {
			return
		}
		p.options.Log.Error("a bug of the emulator, please report it: a call panicked outside of its operation",
			"panic", p.world.Secrets().Mask(fmt.Sprint(found)), "stack", string(debug.Stack()))
		const body = `{"title":"Internal Server Error","status":500,"detail":"The emulator failed; its log says more."}`
		d = delivery{
			Reply: wire.Reply{
				Status: http.StatusInternalServerError, Body: []byte(body), Outcome: "http.500",
				Header: http.Header{"Content-Type": {"application/problem+json"}},
			},
			seen: Observation{
				Arrived: started, Request: req, Outcome: "http.500", Status: http.StatusInternalServerError,
				ResponseBytes: len(body), Panicked: true,
			},
		}
	}()
	return p.serve(ctx, req, unread, started)
}
