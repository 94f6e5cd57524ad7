package emulator

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// survive is serve with a net below it. The panic of an operation is caught where its provider's words are at hand;
// this one is for everything around it.
func (e *Emulator) survive(ctx context.Context, req *wire.Request, unread *wire.Fault) (d delivery) {
	started := e.options.RealNow()
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		e.options.Log.Error("a bug of the emulator, please report it: a call panicked outside of its operation",
			"panic", e.registry.Secrets().Mask(fmt.Sprint(p)), "stack", string(debug.Stack()))
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
	return e.serve(ctx, req, unread, started)
}
