package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// listed is how many calls a page shows before one asks for older ones.
const listed = 200

// callFilter selects calls; it is what the address of the list says.
type callFilter struct {
	Scope   string // a sandbox's id, or every
	API     string
	Op      string
	Outcome string
	Before  place // only calls behind it
}

func readCallFilter(query url.Values) callFilter {
	return callFilter{
		Scope: cmp.Or(query.Get("sandbox"), every), API: query.Get("api"), Op: query.Get("operation"),
		Outcome: query.Get("outcome"), Before: readPlace(query.Get("before")),
	}
}

func (f callFilter) journal(limit int) journal.Filter {
	return journal.Filter{API: f.API, Operation: f.Op, Outcome: f.Outcome, Limit: limit}
}

// Narrow tells whether the filter can leave calls of its scope out.
func (f callFilter) Narrow() bool { return f.API != "" || f.Op != "" || f.Outcome != "" }

// link is the address of a page that keeps the filter, with further pairs.
func (f callFilter) link(page string, pairs ...string) string {
	return link(page, append(pairs, "sandbox", f.Scope, "api", f.API, "operation", f.Op, "outcome", f.Outcome)...)
}

// List is the address of the list.
func (f callFilter) List() string { return f.link("calls") }

// All is the address of the list of all calls of the scope.
func (f callFilter) All() string { return link("calls", "sandbox", f.Scope) }

// Open is the address of a call, from which this list goes on.
func (f callFilter) Open(s journal.Summary) string {
	return f.link("calls/"+s.Sandbox+"/"+s.ID, "seq", strconv.FormatUint(s.Seq, 10))
}

// callRows are calls as rows of the list.
type callRows struct {
	Filter callFilter
	Calls  []journal.Summary
	// Skipped counts calls that are missing below these: too many came at once.
	Skipped int
}

// grouped is how many rows stand together: browsers lay out only the groups near the window.
const grouped = 50

// Groups are the rows as the page has them.
func (r callRows) Groups() (groups []callRows) {
	for calls := range slices.Chunk(r.Calls, grouped) {
		groups = append(groups, callRows{Filter: r.Filter, Calls: calls})
	}
	return groups
}

// callList is the page of calls.
type callList struct {
	callRows

	// Older is the address of the calls behind these; empty when there are none.
	Older string
	APIs  []*contract.API
	// First is how to make the first call; nil where that is not asked for.
	First *firstCall
	// Refusal says which name of the filter does not exist.
	Refusal string
	// Events is where new calls come from; a page of older calls has none.
	Events string
}

func (c *console) calls(r *http.Request, l *layout) (body, error) {
	f := readCallFilter(r.URL.Query())
	l.Scope = f.Scope
	page := callList{callRows: callRows{Filter: f}, APIs: c.World.Catalogue().APIs}
	boxes, err := c.scope(r.Context(), f.Scope, l.Sandbox)
	if err != nil {
		return body{}, err
	}
	if err := c.checkFilter(r.Context(), boxes, f); err != nil {
		page.Refusal = c.World.Secrets().Mask(err.Error())
		return body{"calls", "Calls", page}, err
	}
	calls, more, err := c.recent(r.Context(), boxes, f)
	if err != nil {
		return body{}, err
	}
	page.Calls, page.Older = calls, f.older(calls, more)
	if f.Before == (place{}) {
		page.Events = f.link("calls/events")
	}
	if !f.Narrow() && page.Events != "" {
		if page.First, err = c.firstCall(l.Sandbox); err != nil {
			return body{}, err
		}
	}
	return body{"calls", "Calls", page}, nil
}

// checkFilter refuses a filter with a name that does not exist: no call would ever be in its list.
func (c *console) checkFilter(ctx context.Context, boxes []*sandbox.Sandbox, f callFilter) error {
	return c.World.CheckNames(ctx, boxes, world.Names{API: f.API, Operation: f.Op, Outcome: f.Outcome})
}

// older is where the list goes on behind some calls.
func (f callFilter) older(calls []journal.Summary, more bool) string {
	if !more || len(calls) == 0 {
		return ""
	}
	return f.link("calls", "before", placeOf(calls[len(calls)-1]).String())
}

// clearCalls empties the journal of one sandbox.
func (c *console) clearCalls(r *http.Request, box *sandbox.Sandbox) (string, error) {
	if err := c.World.ClearJournal(r.Context(), box); err != nil {
		return "", err
	}
	return "The journal of sandbox " + box.ID + " is empty now.", nil
}

// scope is the sandboxes that a list is about.
func (c *console) scope(
	ctx context.Context, scope string, one *sandbox.Sandbox,
) ([]*sandbox.Sandbox, error) {
	if scope == every {
		return c.World.Sandboxes().List(ctx)
	}
	return []*sandbox.Sandbox{one}, nil
}

// recent are the newest calls of some sandboxes that the filter selects, and whether there are more behind them.
func (c *console) recent(
	ctx context.Context, boxes []*sandbox.Sandbox, f callFilter,
) (calls []journal.Summary, more bool, err error) {
	for _, box := range boxes {
		some, others, err := c.recentOf(ctx, box, f)
		if err != nil {
			return nil, false, err
		}
		calls, more = append(calls, some...), more || others
		if len(calls) > 2*listed {
			calls, more = newest(calls), true
		}
	}
	if len(calls) > listed {
		more = true
	}
	return newest(calls), more, nil
}

func newest(calls []journal.Summary) []journal.Summary {
	slices.SortFunc(calls, func(a, b journal.Summary) int { return placeOf(a).compare(placeOf(b)) })
	return calls[:min(len(calls), listed)]
}

// lateArrivals is how many calls of a sandbox may be journaled after one that arrived later. A journal is read in its
// own order, and a list is in the order of arrival.
const lateArrivals = 100

// recentOf are the newest calls of one sandbox, a few more than a page has.
func (c *console) recentOf(
	ctx context.Context, box *sandbox.Sandbox, f callFilter,
) (calls []journal.Summary, more bool, err error) {
	limit := listed + lateArrivals
	if f.Before != (place{}) {
		limit = journal.MaxLimit // most of them are passed over
	}
	for before := uint64(0); ; {
		some, others, err := c.World.Journal(box).Recent(ctx, f.journal(limit), before)
		if err != nil {
			return nil, false, err
		}
		for _, call := range some {
			before = call.Seq
			if f.Before.compare(placeOf(call)) < 0 {
				calls = append(calls, call)
			}
		}
		if !others || len(calls) >= listed+lateArrivals {
			return calls, others, nil
		}
	}
}
