package dataplane

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
)

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
			Arrived: in.at, Request: in.request, Outcome: reply.Outcome, Status: reply.Status, ResponseBytes: len(body),
			Panicked: true,
		}}
	}()
	return p.serve(ctx, in)
}
