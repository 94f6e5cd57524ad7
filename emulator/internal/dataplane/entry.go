package dataplane

import (
	"errors"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// entryOf is what the journal keeps of a call. The strings are the request's own: nothing is copied here.
func (p *Plane) entryOf(in arrival, turn *sandbox.Turn, x gateway.Exchange, v verdict) *journal.Entry {
	call := x.Call()
	e := p.newEntry(in, turn, call.ID, v)
	e.Request.Parameters = call.Elsewhere
	e.Gateway, e.API, e.Credential = call.Gateway, call.API, journal.CredentialText(call.Credential)
	if op := x.Operation(); op != nil {
		e.Operation = op.Name
	}
	return e
}

// newEntry is an entry about a request that need not belong to a gateway.
func (p *Plane) newEntry(in arrival, turn *sandbox.Turn, id string, v verdict) *journal.Entry {
	req, reply := in.request, v.reply
	delivered := expected(req, v)
	delivered.DurationMicros = p.world.RealNow().Sub(in.at).Microseconds()
	return &journal.Entry{
		ID: id, Time: turn.Now, Arrived: in.at, Sandbox: turn.ID, Outcome: reply.Outcome, Status: reply.Status,
		DurationMicros: delivered.DurationMicros, Delivery: delivered, SignatureTime: string(turn.SignedBy),
		Request: journal.Request{
			Method: req.Method, URL: requestURL(req), Headers: req.Header, Content: journal.Content{Body: string(req.Body)},
		},
		Response: journal.Response{
			Status: reply.Status, Headers: reply.Header, Content: journal.Content{Body: string(reply.Body)},
		},
		Decision: v.decision, Also: v.also, Misses: v.misses,
		Findings: withRemarks(v.findings, in.remarks()), Panic: v.panicked,
	}
}

// remarks tell what is odd about how a request came, whatever becomes of it.
func (in *arrival) remarks() []wire.Finding {
	remarks := gateway.Remarks(in.request)
	if in.unread != nil {
		remarks = append(remarks, in.unread.finding)
	}
	return remarks
}

// withRemarks are the findings of a call with remarks, where no finding says the same.
func withRemarks(findings, remarks []wire.Finding) []wire.Finding {
	for _, remark := range remarks {
		said := func(f wire.Finding) bool { return f.Message == remark.Message }
		if !slices.ContainsFunc(findings, said) {
			findings = append(findings, remark)
		}
	}
	return findings
}

func requestURL(req *wire.Request) string {
	mark := ""
	if req.RawQuery != "" {
		mark = "?"
	}
	return req.Scheme + "://" + req.Host + req.Path + mark + req.RawQuery
}

// journalFailed keeps an entry that the journal did not take: for when the store answers again, or in the log.
func (p *Plane) journalFailed(turn *sandbox.Turn, entry *journal.Entry, op *contract.Operation, err error) {
	if errors.Is(err, store.ErrDown) {
		p.world.RecordLater(turn.Sandbox, entry, op)
		return
	}
	p.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
}
