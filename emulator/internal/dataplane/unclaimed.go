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

// answerUnclaimed answers what no gateway claims.
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
	return p.answerOutside(ctx, in, "", ownReply(n.Status, body), []wire.Finding{{
		Check: "path", Level: wire.LevelError, Message: "No gateway knows this request by its path, parameters or headers.",
	}})
}

// answerOutside sends a reply to a request that is no call of an operation and names no sandbox, and keeps it in the
// journal of the default one.
func (p *Plane) answerOutside(
	ctx context.Context, in arrival, gatewayName string, reply wire.Reply, findings []wire.Finding,
) delivery {
	turn, err := p.world.BeginDefault(ctx)
	if err != nil {
		turn = p.emergencyTurn(wire.Credential{})
	}
	reply.Header["Date"] = p.dates.at(turn.Now)
	entry := p.newEntry(in, turn, turn.UUID(), verdict{reply: &reply, findings: findings})
	entry.Gateway = gatewayName
	if err := p.world.Record(ctx, turn, entry, nil); err != nil {
		p.journalFailed(turn, entry, nil, err)
	}
	return delivery{Reply: reply, seen: observationOf(in, entry, nil), turn: turn, seq: entry.Seq}
}

// ownReply is a reply to a request that belongs to no API.
func ownReply(status int, body []byte) wire.Reply {
	return wire.Reply{
		Status: status, Body: body, Outcome: wire.OwnOutcome + strconv.Itoa(status),
		Header: http.Header{"Content-Type": {"application/problem+json"}},
	}
}

// served lists what there is: one line for each method of an operation.
func (p *Plane) served() []string {
	var lines []string
	for _, a := range p.world.HTTPAPIs() {
		for _, op := range a.Operations {
			line := " " + op.Path
			if op.Action != "" {
				line += " " + op.Action
			}
			for _, method := range op.Methods {
				lines = append(lines, method+line+" ("+op.Name+")")
			}
		}
	}
	slices.Sort(lines)
	return lines
}
