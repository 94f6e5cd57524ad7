package dataplane

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// notice answers a request that belongs to no API: RFC 9457 problem details, with what is served.
type notice struct {
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Served []string `json:"served"`
}

// answerUnclaimed answers what no gateway claims, and keeps it in the journal of the default sandbox.
func (p *Plane) answerUnclaimed(ctx context.Context, in arrival) delivery {
	req := in.request
	n := notice{
		Status: http.StatusNotFound, Served: p.served(),
		Detail: "No API is served at " + req.Method + " " + req.Path + "; see served for what is.",
	}
	if in.unread != nil {
		n.Status, n.Detail = in.unread.status, in.unread.finding.Message
	}
	n.Title = http.StatusText(n.Status)
	body, err := json.Marshal(n)
	if err != nil { // a string that is not UTF-8 is replaced, so this cannot be
		body = []byte("{}")
	}
	turn, err := p.world.Default().Begin(ctx)
	if err != nil {
		turn = p.emergencyTurn()
	}
	reply := ownReply(n.Status, body)
	reply.Header["Date"] = p.dates.at(turn.Now)
	entry := p.newEntry(in, turn, turn.UUID(), verdict{reply: &reply, findings: []wire.Finding{{
		Check: "path", Level: wire.LevelError, Message: "No gateway knows this request by its path, parameters or headers.",
	}}})
	if err := p.world.Record(ctx, turn, entry, nil); err != nil {
		p.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
	}
	seen := observationOf(in, entry, nil)
	seen.ResponseBytes = len(body)
	return delivery{Reply: reply, seen: seen}
}

// ownReply is a reply to a request that belongs to no API.
func ownReply(status int, body []byte) wire.Reply {
	return wire.Reply{
		Status: status, Body: body, Outcome: "http." + strconv.Itoa(status),
		Header: http.Header{"Content-Type": {"application/problem+json"}},
	}
}

// served lists what there is: one line an operation.
func (p *Plane) served() []string {
	var lines []string
	for _, a := range p.world.Catalogue().APIs {
		for _, op := range a.Operations {
			line := op.Methods[0] + " " + op.Path
			if op.Action != "" {
				line += " " + op.Action
			}
			lines = append(lines, line+" ("+op.Name+")")
		}
	}
	slices.Sort(lines)
	return lines
}
