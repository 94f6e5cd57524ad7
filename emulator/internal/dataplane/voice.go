package dataplane

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// notice is what the emulator says in its own voice, to requests that belong to no API: RFC 9457 problem details.
type notice struct {
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Served []string `json:"served"`
}

// ownVoice answers what no gateway claims.
func (p *Plane) ownVoice(
	ctx context.Context, req *wire.Request, unread *wire.Fault, started time.Time,
) delivery {
	status := http.StatusNotFound
	n := notice{Detail: "No API is served at " + req.Method + " " + req.Path + "; see served for what is."}
	if unread != nil {
		status, n.Detail = statusOf(unread), unread.Findings[0].Message
	}
	n.Status, n.Title, n.Served = status, http.StatusText(status), p.served()
	body, err := json.Marshal(n)
	if err != nil { // a string that is not UTF-8 is replaced, so this cannot be
		body = []byte("{}")
	}
	reply := wire.Reply{
		Status: status, Body: body, Outcome: "http." + strconv.Itoa(status),
		Header: http.Header{"Content-Type": {"application/problem+json"}},
	}
	seen := Observation{Arrived: started, Request: req, ResponseBytes: len(body)}
	seen.about(p.recordUnclaimed(ctx, req, reply, started))
	return delivery{Reply: reply, seen: seen}
}

// recordUnclaimed keeps the request in the journal of the default sandbox, with the detail as its finding.
func (p *Plane) recordUnclaimed(
	ctx context.Context, req *wire.Request, reply wire.Reply, started time.Time,
) *journal.Entry {
	turn, err := p.world.Default().Begin(ctx)
	if err != nil {
		turn = p.emergencyTurn()
	}
	entry := newEntry(turn, req, &wire.Call{ID: turn.UUID()})
	entry.Findings = []wire.Finding{{
		Check: "path", Level: wire.LevelError, Message: "No gateway knows this request by its path, parameters or headers.",
	}}
	reply.Header["Date"] = p.dates.at(turn.Now)
	p.record(ctx, turn.Sandbox, &entry, reply, started, nil)
	return &entry
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

// statusOf is the HTTP status of a request that could not be read and belongs to no API.
func statusOf(unread *wire.Fault) int {
	check := unread.Findings[0].Check
	switch {
	case check == checkTime:
		return http.StatusRequestTimeout
	case unread.Kind == wire.Malformed:
		return http.StatusBadRequest
	}
	switch check {
	case checkURL:
		return http.StatusRequestURITooLong
	case checkHeader:
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return http.StatusRequestEntityTooLarge
}
