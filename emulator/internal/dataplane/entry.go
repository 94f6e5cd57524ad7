package dataplane

import (
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// entryOf is what the journal keeps of a call. The strings are the request's own: nothing is copied here.
func (p *Plane) entryOf(in arrival, turn *sandbox.Turn, x gateway.Exchange, v verdict) *journal.Entry {
	call := x.Call()
	e := p.newEntry(in, turn, call.ID, v)
	e.Gateway, e.API, e.Credential = call.Gateway, call.API, journal.CredentialText(call.Credential)
	if op := x.Operation(); op != nil {
		e.Operation = op.Name
	}
	return e
}

// newEntry is an entry about a request that need not belong to a gateway.
func (p *Plane) newEntry(in arrival, turn *sandbox.Turn, id string, v verdict) *journal.Entry {
	req, reply := in.request, v.reply
	return &journal.Entry{
		ID: id, Time: turn.Now, Arrived: in.at, Sandbox: turn.ID, Outcome: reply.Outcome, Status: reply.Status,
		DurationMicros: p.world.RealNow().Sub(in.at).Microseconds(),
		Request: journal.Request{
			Method: req.Method, URL: requestURL(req), Headers: req.Header, Content: journal.Content{Body: string(req.Body)},
		},
		Response: journal.Response{
			Status: reply.Status, Headers: reply.Header, Content: journal.Content{Body: string(reply.Body)},
		},
		Decision: v.decision, Misses: v.misses, Findings: v.findings, Panic: v.panicked,
	}
}

func requestURL(req *wire.Request) string {
	mark := ""
	if req.RawQuery != "" {
		mark = "?"
	}
	return req.Scheme + "://" + req.Host + req.Path + mark + req.RawQuery
}
