package dataplane

import (
	"context"
	"errors"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// newEntry begins the journal's entry of a call. The strings are the request's own: nothing is copied here.
func newEntry(turn *sandbox.Turn, req *wire.Request, call *wire.Call) journal.Entry {
	return journal.Entry{
		ID: call.ID, Time: turn.Now, Sandbox: turn.ID, Gateway: call.Gateway, API: call.API,
		Credential: journal.CredentialText(call.Credential),
		Request: journal.Request{
			Method: req.Method, URL: requestURL(req), Headers: req.Header, Content: journal.Content{Body: string(req.Body)},
		},
	}
}

func requestURL(req *wire.Request) string {
	mark := ""
	if req.RawQuery != "" {
		mark = "?"
	}
	return req.Scheme + "://" + req.Host + req.Path + mark + req.RawQuery
}

// explain takes over what a fault says to people.
func explain(entry *journal.Entry, fault *wire.Fault) {
	entry.Findings = append(entry.Findings, fault.Findings...)
	p, ok := errors.AsType[*panicError](fault.Cause)
	if !ok {
		return
	}
	entry.Panic = string(p.stack)
	entry.Findings = append(entry.Findings, wire.Finding{
		Check: "emulator", Level: wire.LevelError, Message: "A bug of the emulator, please report it: " + p.Error(),
	})
}

// record completes the entry and keeps it.
func (p *Plane) record(
	ctx context.Context, box *sandbox.Sandbox, entry *journal.Entry, reply wire.Reply, started time.Time,
	op *contract.Operation,
) {
	entry.Outcome, entry.Status, entry.Arrived = reply.Outcome, reply.Status, started
	entry.Response = journal.Response{
		Status: reply.Status, Headers: reply.Header, Content: journal.Content{Body: string(reply.Body)},
	}
	entry.DurationMicros = p.world.RealNow().Sub(started).Microseconds()
	p.world.Record(ctx, box, *entry, op)
}
