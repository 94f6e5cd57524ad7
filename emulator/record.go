package emulator

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

// record completes the entry and keeps it. A journal that cannot be written does not fail the call.
func (e *Emulator) record(
	ctx context.Context, box *sandbox.Sandbox, entry *journal.Entry, reply wire.Reply, started time.Time,
) {
	entry.Outcome, entry.Status, entry.Arrived = reply.Outcome, reply.Status, started
	entry.Response = journal.Response{
		Status: reply.Status, Headers: reply.Header, Content: journal.Content{Body: string(reply.Body)},
	}
	entry.DurationMicros = e.options.RealNow().Sub(started).Microseconds()
	if err := e.Journal(box).Append(ctx, *entry); err != nil {
		e.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
	}
	e.watches.note(box.ID)
}

// count adds the call to what was seen of its operation. Like the journal's, its failure does not fail the call.
func (e *Emulator) count(ctx context.Context, box *sandbox.Sandbox, op *contract.Operation, outcome string) {
	if op == nil {
		return
	}
	if err := e.tally(box).Count(ctx, op, outcome); err != nil {
		e.options.Log.Error("a call was not counted", "operation", op.Name, "error", err)
	}
}

func (e *Emulator) tally(box *sandbox.Sandbox) journal.Tally {
	return journal.NewTally(box.Space(), e.registry.Secrets())
}

// Coverage is how the calls of a sandbox ended, by operation and documented error.
func (e *Emulator) Coverage(ctx context.Context, box *sandbox.Sandbox) (journal.Coverage, error) {
	return e.tally(box).Read(ctx, e.catalogue)
}
