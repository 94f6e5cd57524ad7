package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

const (
	// listed is how many calls a page shows before one asks for older ones.
	listed = 200
	// mostListed is how many it shows at most: of a list that goes down to a call that was reached before.
	mostListed = 5000
)

// callRows are calls as rows of the list.
type callRows struct {
	Filter callFilter
	Calls  []callRow
	// Skipped counts calls that are missing below these: too many came at once.
	Skipped int
}

// grouped is how many rows stand together: browsers lay out only the groups near the window.
const grouped = 50

// Groups are the rows as the page has them.
func (r callRows) Groups() (groups []callRows) {
	for first := 0; first < len(r.Calls); first += grouped {
		groups = append(groups, callRows{Filter: r.Filter, Calls: r.Calls[first:min(first+grouped, len(r.Calls))]})
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
	// News is where new calls come from; a page of older calls has none. Marks are how far the page has read.
	News, Marks string
	// Clock is how the clock at the top of the page goes.
	Clock string
	// Survey is what all the calls of the scope are.
	Survey survey
	// Opened is the call that is opened beside the list; nil where none is.
	Opened *callPage
}

func (c *console) calls(r *http.Request, l *layout) (body, error) {
	f, page, err := c.filteredCalls(r, l)
	if err != nil {
		return page, err
	}
	list := callList{callRows: callRows{Filter: f}, APIs: c.World.Catalogue().APIs, Clock: c.clockState(l.Clock)}
	seen, err := c.surveyOf(r.Context(), f, l.Sandbox)
	if err != nil {
		return body{}, err
	}
	list.Survey, list.Calls = seen, c.rowsOf(seen.calls)
	if list.Older = f.older(seen); f.Before == (place{}) {
		list.News = f.link("calls/news")
	}
	marks, err := json.Marshal(seen.marks)
	if err != nil {
		return body{}, err
	}
	list.Marks = string(marks)
	if !f.Narrow() && list.News != "" {
		if list.First, err = c.firstCall(l.Sandbox); err != nil {
			return body{}, err
		}
	}
	if box, id, ok := strings.Cut(r.URL.Query().Get("call"), "/"); ok {
		opened, err := c.callPage(r, box, id)
		if err == nil {
			opened.Beside, list.Opened = true, &opened
		} else if list.Refusal = c.refusalOf(r, err); list.Refusal == "" {
			return body{}, err
		}
	}
	return body{"calls", "Calls", list}, nil
}

// refusalOf is what a page says of an error that concerns a part of it alone; empty for a failure of the console.
func (c *console) refusalOf(r *http.Request, err error) string {
	shown, status := c.errorBody(r, err)
	if text, ok := shown.data.(string); ok && status < http.StatusInternalServerError {
		return text
	}
	return ""
}

// filteredCalls reads what a list is asked for. Where a name of the filter does not exist, the page says so itself.
func (c *console) filteredCalls(r *http.Request, l *layout) (callFilter, body, error) {
	f, err := c.readCallFilter(r.URL.Query())
	l.Scope = f.Scope
	c.mask(l)
	if err == nil {
		var boxes []*sandbox.Sandbox
		if boxes, err = c.scope(r.Context(), f.Scope, l.Sandbox); err != nil {
			return f, body{}, err
		}
		err = c.checkFilter(r.Context(), boxes, f)
	}
	if err != nil {
		refused := callList{
			callRows: callRows{Filter: f}, APIs: c.World.Catalogue().APIs, Refusal: c.World.Secrets().Mask(err.Error()),
		}
		return f, body{"calls", "Calls", refused}, err
	}
	return f, body{}, nil
}

// checkFilter refuses a filter with a name that does not exist: no call would ever be in its list.
func (c *console) checkFilter(ctx context.Context, boxes []*sandbox.Sandbox, f callFilter) error {
	return c.World.CheckNames(ctx, boxes, world.Names{
		API: f.API, Operation: f.Op, Outcome: f.Outcome, Kind: f.Kind,
	})
}

// older is where the list goes on behind the calls that it shows.
func (f callFilter) older(seen survey) string {
	if !seen.more || len(seen.calls) == 0 {
		return ""
	}
	return f.link("calls", "before", placeOf(seen.calls[len(seen.calls)-1].Summary).String())
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

// listedCall is a call of the list with its record, of which the row is made.
type listedCall struct {
	journal.Summary

	record journal.Record
}
