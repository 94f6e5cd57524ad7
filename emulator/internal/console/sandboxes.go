package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// listedSandboxes is how many sandboxes a page shows.
const listedSandboxes = 50

// sandboxList is the page of sandboxes.
type sandboxList struct {
	Rows []sandboxRow
	// Find is what the ids must contain.
	Find string
	// Sort is "used" for those with the latest calls first; else they stand by their ids. TooMany says that there are too
	// many for that.
	Sort    string
	TooMany bool
	// All is how many sandboxes there are, Found how many of them have Find in their id.
	All, Found int
	// First and Last number the rows among those found, from 1.
	First, Last int
	// Before and After are where the pages beside this one begin; empty where there is none.
	Before, After string
	// New is the form of a new sandbox, as it was sent when it was refused, and Refusal why.
	New     newSandbox
	Refusal string
	// Scenarios are the names that can be played from the start.
	Scenarios []string
}

// sandboxRow is a sandbox in a list.
type sandboxRow struct {
	ID     string
	Clock  sandbox.Clock
	Seed   uint64
	TTL    string
	Ends   time.Time // real time; zero for one that stays
	IsKept bool      // it cannot be removed
	// Playing counts the scenarios that somebody played, Calls those that the journal keeps.
	Playing, Calls int
	// Last is when the last call came that the journal keeps, in real time; zero for none. Ago says how long ago that is.
	Last time.Time
	Ago  string
}

func (c *console) sandboxes(r *http.Request, _ *layout) (body, error) {
	query := r.URL.Query()
	page, err := c.listSandboxes(r.Context(), query.Get("find"), query.Get("from"), query.Get("sort"))
	return body{"sandboxes", "Sandboxes", page}, err
}

func (c *console) listSandboxes(ctx context.Context, find, from, sort string) (sandboxList, error) {
	page := sandboxList{
		Find: find, Sort: sort, Scenarios: c.World.Library().Names(), New: newSandbox{Scenarios: make([]string, 3)},
	}
	boxes, err := c.World.Sandboxes().List(ctx)
	if err != nil {
		return page, err
	}
	page.All = len(boxes)
	var found []*sandbox.Sandbox
	for _, box := range boxes {
		if strings.Contains(box.ID, find) {
			found = append(found, box)
		}
	}
	page.number(len(found), from)
	if page.TooMany = sort == sortUsed && len(found) > maxSorted; sort == sortUsed && !page.TooMany {
		if found, err = c.byLastUse(ctx, found); err != nil {
			return page, err
		}
		page.Last = min(page.Last, len(found))
		page.First = min(page.First, page.Last+1)
	}
	for _, box := range found[page.First-1 : page.Last] {
		row, err := c.sandboxRow(ctx, box)
		switch {
		case errors.Is(err, sandbox.ErrGone):
			continue // removed meanwhile
		case err != nil:
			return page, err
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

// number finds the page that begins behind so many sandboxes.
func (l *sandboxList) number(found int, from string) {
	skip, _ := strconv.Atoi(from)
	skip = min(max(skip, 0), found)
	l.Found, l.First, l.Last = found, skip+1, min(skip+listedSandboxes, found)
	if skip > 0 {
		l.Before = strconv.Itoa(max(skip-listedSandboxes, 0))
	}
	if l.Last < found {
		l.After = strconv.Itoa(l.Last)
	}
}

// sortUsed is how the address says that those with the latest calls come first, and maxSorted how many can be sorted
// so: each is asked for its last call.
const (
	sortUsed  = "used"
	maxSorted = 2000
)

// byLastUse sorts sandboxes by their last calls, and leaves out those that were removed meanwhile.
func (c *console) byLastUse(ctx context.Context, boxes []*sandbox.Sandbox) ([]*sandbox.Sandbox, error) {
	last := map[*sandbox.Sandbox]time.Time{}
	for _, box := range boxes {
		at, err := c.lastCall(ctx, box)
		switch {
		case errors.Is(err, sandbox.ErrGone):
			continue
		case err != nil:
			return nil, err
		}
		last[box] = at
	}
	boxes = slices.DeleteFunc(boxes, func(box *sandbox.Sandbox) bool { _, there := last[box]; return !there })
	slices.SortStableFunc(boxes, func(a, b *sandbox.Sandbox) int { return last[b].Compare(last[a]) })
	return boxes, nil
}

// lastCall is when the last call came that the journal keeps; zero for none.
func (c *console) lastCall(ctx context.Context, box *sandbox.Sandbox) (time.Time, error) {
	calls, _, err := c.World.Journal(box).Recent(ctx, journal.Filter{Limit: 1}, 0)
	if err != nil || len(calls) == 0 {
		return time.Time{}, err
	}
	return calls[0].Arrived, nil
}

func (c *console) sandboxRow(ctx context.Context, box *sandbox.Sandbox) (sandboxRow, error) {
	row := sandboxRow{
		ID: box.ID, Seed: box.Seed, TTL: box.TTL, Ends: box.ExpiresAt(), IsKept: box.ID == sandbox.Default,
	}
	var err error
	if row.Clock, err = box.Clock(ctx); err != nil {
		return row, err
	}
	playing, err := c.World.Playing(ctx, box)
	if err != nil {
		return row, err
	}
	for _, scenario := range playing {
		if !scenario.Default {
			row.Playing++
		}
	}
	if row.Calls, err = keptCalls(ctx, c.World.Journal(box)); err != nil || row.Calls == 0 {
		return row, err
	}
	if row.Last, err = c.lastCall(ctx, box); err != nil || row.Last.IsZero() {
		return row, err
	}
	row.Ago = ago(c.World.RealNow().Sub(row.Last))
	return row, nil
}

// ago says how long ago something was, as people do.
func ago(since time.Duration) string {
	for _, unit := range []struct {
		name string
		long time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}} {
		if n := int(since / unit.long); n > 0 {
			return strconv.Itoa(n) + " " + unit.name + " ago"
		}
	}
	return "just now"
}

// keptCalls counts without reading: the numbers of the calls have no gaps.
func keptCalls(ctx context.Context, calls *journal.Journal) (int, error) {
	oldest, err := calls.List(ctx, journal.Filter{Limit: 1})
	if err != nil || len(oldest.Requests) == 0 {
		return 0, err
	}
	newest, _, err := calls.Recent(ctx, journal.Filter{Limit: 1}, 0)
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return int(newest[0].Seq - oldest.Requests[0].Seq + 1), nil
}

// resetSandbox puts the sandbox that the pressed button names back to its start.
func (c *console) resetSandbox(r *http.Request, _ *sandbox.Sandbox) (string, error) {
	box, err := c.World.Sandboxes().Get(r.Context(), r.PostFormValue("reset"))
	if err != nil {
		return "", err
	}
	return "Sandbox " + box.ID + " is back at its start.", c.World.Reset(r.Context(), box)
}

// removeSandbox removes the sandbox that the pressed button names. Its pages are gone then, so the list comes next.
func (c *console) removeSandbox(r *http.Request, _ *sandbox.Sandbox) (string, error) {
	id := r.PostFormValue("remove")
	if err := c.World.RemoveSandbox(r.Context(), id); err != nil {
		return "", err
	}
	r.PostForm.Set("back", link("sandboxes"))
	return "Sandbox " + id + " is removed.", nil
}

// removeSandboxes removes several at once. One that is gone already counts as removed.
func (c *console) removeSandboxes(ctx context.Context, ids []string) (string, error) {
	if len(ids) == 0 {
		return "", &problem{http.StatusUnprocessableEntity, "Tick the sandboxes that are to go first."}
	}
	for _, id := range ids {
		if err := c.World.RemoveSandbox(ctx, id); err != nil && !errors.Is(err, sandbox.ErrUnknown) {
			return "", fmt.Errorf("remove %s: %w", id, err)
		}
	}
	if len(ids) == 1 {
		return "Sandbox " + ids[0] + " is removed.", nil
	}
	return fmt.Sprintf("%d sandboxes are removed.", len(ids)), nil
}

// changeSandbox does what the pressed button says.
func (c *console) changeSandbox(r *http.Request, box *sandbox.Sandbox) (string, error) {
	switch {
	case r.PostForm.Has("reset"):
		return c.resetSandbox(r, box)
	case r.PostForm.Has("remove"):
		return c.removeSandbox(r, box)
	case r.PostForm.Has("remove-picked"):
		return c.removeSandboxes(r.Context(), r.PostForm["pick"])
	case r.PostForm.Has("clear"):
		return c.clearCalls(r, box)
	}
	return "", &problem{http.StatusUnprocessableEntity, "A sandbox can be reset or removed."}
}
