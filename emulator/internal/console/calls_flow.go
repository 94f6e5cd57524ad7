package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

const (
	// mostSteps is how many calls a flow shows, mostRelated how many are looked at for what belongs together.
	mostSteps   = 200
	mostRelated = 2000
	// mostLanes is how many columns a flow has.
	mostLanes = 5
)

// flowPage is calls as a sequence, the oldest first.
type flowPage struct {
	Filter callFilter
	// Around is the call whose flow it is; nil where the filter says which calls.
	Around *journal.Entry
	// Lanes are the APIs, in the order in which they are called.
	Lanes []string
	Steps []flowStep
	// More says that there are further calls before these.
	More bool
	// Lasted is the time from the first to the last.
	Lasted string
}

// flowStep is a call of a flow.
type flowStep struct {
	callRow

	Number int
	// Gap is the time since the step before, and since the first; empty for the first.
	Gap, Since string
	// Pause is how long the gap looks: 0 to 3.
	Pause int
	// Lane is the column of its API, from 1.
	Lane int
	// Uses are the numbers of the steps that gave what this one sends.
	Uses []int
	// Here says that the flow is that of this call.
	Here bool
}

// flow is the page of a sequence of calls: those of a filter, or those that belong to a call.
func (c *console) flow(r *http.Request, l *layout) (body, error) {
	f, refused, err := c.filteredCalls(r, l)
	if err != nil {
		return refused, err
	}
	page := flowPage{Filter: f}
	var records []journal.Record
	if box, id, ok := strings.Cut(r.URL.Query().Get("call"), "/"); ok {
		records, err = c.flowAround(r, l, &page, box, id)
	} else {
		records, page.More, err = c.sequence(r.Context(), f, l.Sandbox)
	}
	if err != nil {
		return body{}, err
	}
	c.lay(&page, records)
	return body{"flow", "Flow", page}, nil
}

// flowAround makes a page one of the calls that belong to a call.
func (c *console) flowAround(r *http.Request, l *layout, page *flowPage, box, id string) ([]journal.Record, error) {
	if err := c.about(r.Context(), l, box); err != nil {
		return nil, err
	}
	around, err := c.entry(r.Context(), l.Sandbox, id, 0)
	if err != nil {
		return nil, err
	}
	page.Around = &around
	return c.related(r.Context(), l.Sandbox, around.Seq)
}

// sequence are the newest calls that the filter selects, the oldest first.
func (c *console) sequence(
	ctx context.Context, f callFilter, one *sandbox.Sandbox,
) (records []journal.Record, more bool, err error) {
	seen, err := c.surveyOf(ctx, f, one)
	if err != nil {
		return nil, false, err
	}
	for _, call := range slices.Backward(seen.calls[:min(len(seen.calls), mostSteps)]) {
		records = append(records, call.record)
	}
	return records, seen.more || len(seen.calls) > mostSteps, nil
}

// related are the calls of a sandbox that belong to one: those that gave what it used, those that used what it gave,
// and so on.
func (c *console) related(ctx context.Context, box *sandbox.Sandbox, seq uint64) (flow []journal.Record, err error) {
	look, err := c.World.Journal(box).Look(ctx)
	if err != nil {
		return nil, err
	}
	records := nearby(look.Records, seq)
	at := slices.IndexFunc(records, func(r journal.Record) bool { return r.Seq() == seq })
	belongs := connected(journal.Uses(records), at)
	for i, record := range records {
		if belongs[i] && len(flow) < mostSteps {
			flow = append(flow, record)
		}
	}
	return flow, ctx.Err()
}

// nearby are the records around a place, as many as are looked at.
func nearby(records []journal.Record, seq uint64) []journal.Record {
	at := slices.IndexFunc(records, func(r journal.Record) bool { return r.Seq() >= seq })
	from := max(0, min(at-mostRelated/2, len(records)-mostRelated))
	return records[from:min(len(records), from+mostRelated)]
}

// connected tells which calls a call belongs to, by what they use of each other.
func connected(uses [][]int, at int) map[int]bool {
	beside := map[int][]int{}
	for user, givers := range uses {
		for _, giver := range givers {
			beside[user], beside[giver] = append(beside[user], giver), append(beside[giver], user)
		}
	}
	belongs, next := map[int]bool{at: true}, []int{at}
	for len(next) > 0 {
		one := next[0]
		next = next[1:]
		for _, other := range beside[one] {
			if !belongs[other] {
				belongs[other] = true
				next = append(next, other)
			}
		}
	}
	return belongs
}

// lay puts calls into the lanes of the page.
func (c *console) lay(page *flowPage, records []journal.Record) {
	uses := journal.Uses(records)
	entries := make([]journal.Entry, len(records))
	for i, record := range records {
		entries[i] = record.Entry()
		e := &entries[i]
		step := flowStep{
			callRow: c.rowOf(e, summaryOf(e)), Number: i + 1, Lane: page.lane(e.API),
			Here: page.Around != nil && e.Seq == page.Around.Seq,
		}
		for _, giver := range uses[i] {
			step.Uses = append(step.Uses, giver+1)
		}
		if i > 0 {
			gap := e.Arrived.Sub(entries[i-1].Arrived)
			step.Gap = shortDuration(gap.Microseconds())
			step.Since = shortDuration(e.Arrived.Sub(entries[0].Arrived).Microseconds())
			step.Pause = pauseOf(gap)
		}
		page.Steps = append(page.Steps, step)
	}
	if n := len(entries); n > 1 {
		page.Lasted = shortDuration(entries[n-1].Arrived.Sub(entries[0].Arrived).Microseconds())
	}
}

// lane is the column of an API; the last one is for all beyond.
func (p *flowPage) lane(api string) int {
	if api == "" {
		api = "no API"
	}
	if i := slices.Index(p.Lanes, api); i >= 0 {
		return min(i+1, mostLanes)
	}
	p.Lanes = append(p.Lanes, api)
	return min(len(p.Lanes), mostLanes)
}

// pauseOf is how long a gap looks.
func pauseOf(gap time.Duration) int {
	switch {
	case gap < time.Second:
		return 0
	case gap < time.Minute:
		return 1
	case gap < time.Hour:
		return 2
	}
	return 3
}

// summaryOf is an entry as lists have it.
func summaryOf(e *journal.Entry) journal.Summary {
	return journal.Summary{
		ID: e.ID, Seq: e.Seq, Time: e.Time, Sandbox: e.Sandbox, Gateway: e.Gateway, API: e.API, Operation: e.Operation,
		Outcome: e.Outcome, Status: e.Status, DurationMicros: e.DurationMicros, Decision: e.Decision, Arrived: e.Arrived,
		Delivery: e.Delivery,
	}
}
