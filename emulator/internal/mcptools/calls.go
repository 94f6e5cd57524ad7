package mcptools

import (
	"context"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func (t *tools) addCallTools(s *mcp.Server) {
	add(s, t, readOnly, "calls", "List calls",
		"Lists the newest calls that an app made to the emulated APIs, the newest last: what each ended as and the first "+
			"reason. A call that names no known credential is in the sandbox default.", t.calls)
	add(s, t, readOnly, "explain_call", "Why was this call refused?",
		"Explains one call, by its request id or the newest that was refused: what to change, the string to sign of the "+
			"server beside the one that the client must have signed, names that are nearest to unknown ones, the scenario "+
			"that decided, and the request as it came. Secrets are masked.", t.explainCall)
}

type callsIn struct {
	inSandbox
	All       bool   `json:"all,omitempty" jsonschema:"Calls of all sandboxes, in the order in which they arrived."`
	API       string `json:"api,omitempty" jsonschema:"Only this API, such as onsmqtt."`
	Operation string `json:"operation,omitempty" jsonschema:"Only this operation, such as onsmqtt.ApplyToken."`
	Outcome   string `json:"outcome,omitempty" jsonschema:"Only this outcome: ok, !ok (all others) or an error code."`
	After     uint64 `json:"after,omitempty" jsonschema:"Only calls after the one with this seq."`
	Limit     int    `json:"limit,omitempty" jsonschema:"At most so many, 1 to 50; 20 without it."`
}

type callRow struct {
	ID         string    `json:"id" jsonschema:"The request id, which explain_call takes."`
	Seq        uint64    `json:"seq"`
	Time       time.Time `json:"time" jsonschema:"By the sandbox's clock."`
	Sandbox    string    `json:"sandbox"`
	Operation  string    `json:"operation,omitempty" jsonschema:"Absent when the request named no known one."`
	Credential string    `json:"credential,omitempty"`
	Outcome    string    `json:"outcome" jsonschema:"ok, or the error code that was sent."`
	Status     int       `json:"status"`
	Delivery   string    `json:"delivery" jsonschema:"How the reply reached the client, such as whole or reset."`
	Scenario   string    `json:"scenario,omitempty" jsonschema:"The scenario that decided it."`
	Why        string    `json:"why,omitempty" jsonschema:"The first thing that refused it."`
}

type callsOut struct {
	Calls   []callRow `json:"calls"`
	Earlier int       `json:"earlier,omitempty" jsonschema:"How many earlier ones fit the filter too."`
	Dropped uint64    `json:"dropped,omitempty" jsonschema:"How many the journal keeps no more."`
}

// usualRows is how many calls are listed where nobody says how many.
const usualRows = 20

func (t *tools) calls(ctx context.Context, in callsIn) (callsOut, error) {
	limit := in.Limit
	if limit <= 0 {
		limit = usualRows
	}
	found, err := t.newest(ctx, in, min(limit, maxRows))
	out := callsOut{Calls: make([]callRow, len(found.entries)), Earlier: found.earlier, Dropped: found.dropped}
	for i, e := range found.entries {
		out.Calls[i] = callView(e)
	}
	return out, err
}

// newestCalls are the last calls of a journal, the newest last.
type newestCalls struct {
	entries []client.Entry
	earlier int
	dropped uint64
}

// pageSize is how many entries are read at once, on the way to the newest.
const pageSize = 200

// newest reads a journal from its beginning, as the control API gives it, and keeps the last entries.
func (t *tools) newest(ctx context.Context, in callsIn, limit int) (newestCalls, error) {
	filter := client.Filter{
		API: in.API, Operation: in.Operation, Outcome: in.Outcome, After: in.After, Limit: pageSize,
	}
	read := func() (client.Page, error) { return t.control.Requests(ctx, in.id(), filter) }
	if in.All {
		read = func() (client.Page, error) { return t.control.AllRequests(ctx, filter) }
	}
	var found newestCalls
	for {
		page, err := read()
		if err != nil {
			return newestCalls{}, err
		}
		found.entries, found.dropped = append(found.entries, page.Requests...), page.Dropped
		if over := len(found.entries) - limit; over > 0 {
			found.entries, found.earlier = append([]client.Entry(nil), found.entries[over:]...), found.earlier+over
		}
		if page.Next == nil {
			return found, nil
		}
		filter.After = *page.Next
	}
}

func callView(e client.Entry) callRow {
	row := callRow{
		ID: e.ID, Seq: e.Seq, Time: e.Time, Sandbox: e.Sandbox, Operation: cut(e.Operation, maxValue),
		Credential: cut(e.Credential, maxValue/4), Outcome: cut(e.Outcome, maxValue/4), Status: e.Status,
		Delivery: string(e.Delivery.State),
	}
	if e.Decision != nil {
		row.Scenario = e.Decision.Scenario
	}
	for _, f := range e.Findings {
		if f.Level == client.LevelError {
			row.Why = cut(f.Message, maxValue/2)
			break
		}
	}
	return row
}
