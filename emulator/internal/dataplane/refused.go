package dataplane

import (
	"context"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Refused keeps a request that the server refused by itself in the journal of the default sandbox.
func (p *Plane) Refused(r wire.Refusal) {
	ctx := context.Background() // the connection has no call whose context it could be
	turn, err := p.world.BeginDefault(ctx)
	if err != nil {
		turn = p.emergencyTurn(wire.Credential{})
	}
	in := arrival{request: headOf(r), at: p.world.RealNow()}
	status := r.Status
	if status == 0 {
		status = http.StatusRequestTimeout
	}
	reply := ownReply(status, []byte(r.Text))
	reply.Header = http.Header{}
	entry := p.newEntry(in, turn, turn.UUID(), verdict{reply: &reply, findings: []wire.Finding{{
		Check: "HTTP", Level: wire.LevelError, Message: r.Why, Got: "from " + r.Client,
	}}})
	if r.Status == 0 {
		entry.Delivery.State = journal.Closed
	}
	if err := p.world.Record(ctx, turn, entry, nil); err != nil {
		p.journalFailed(turn, entry, nil, err)
	}
	p.observe(ctx, observationOf(in, entry, nil))
}

// headOf reads how a request begins as far as it can be read. What is no request at all stands in the body.
func headOf(r wire.Refusal) *wire.Request {
	req := &wire.Request{Scheme: "http", Path: "/", Header: http.Header{}}
	if r.Secure {
		req.Scheme = "https"
	}
	first, rest, _ := strings.Cut(string(r.Head), "\n")
	method, target, found := strings.Cut(strings.TrimSuffix(first, "\r"), " ")
	if !found || strings.ContainsFunc(method, func(c rune) bool { return c < 'A' || c > 'Z' }) {
		req.Body = r.Head
		return req
	}
	if end := strings.LastIndex(target, " HTTP/"); end >= 0 {
		target = target[:end]
	}
	req.Method = method
	req.Path, req.RawQuery, _ = strings.Cut(originForm(target), "?")
	for line := range strings.SplitSeq(rest, "\n") {
		name, value, isHeader := strings.Cut(line, ":")
		if !isHeader {
			break
		}
		name, value = textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value)
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	return req
}
