package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// callNews is what happened in some sandboxes since a page asked last.
type callNews struct {
	// Run names the run of the console that answers: a page of another one learns that there was a restart.
	Run string `json:"run"`
	// Marks are how far each journal was read: they come back with the next question.
	Marks map[string]string `json:"marks"`
	// Rows are new calls as the list shows them, newest first.
	Rows string `json:"rows"`
	// Updated are rows of earlier calls whose delivery became known: they replace those that the page has, if it has them.
	Updated string `json:"updated"`
	// Skipped counts calls that are not among the rows: too many at once.
	Skipped int `json:"skipped"`
	// Cleared are the sandboxes whose earlier calls are gone.
	Cleared []string `json:"cleared"`
	// First is the number of the oldest call that the journal of each sandbox keeps: rows of earlier ones are out of date.
	First map[string]uint64 `json:"first"`
	// Survey is the part of the page that counts all calls; empty where it was not asked for.
	Survey string `json:"survey"`
	// Clock is how the clock at the top of the page goes.
	Clock string `json:"clock"`
}

// newsQuestion is what a page knows.
type newsQuestion struct {
	// Marks are how far the page has read, by sandbox.
	Marks map[string]string `json:"marks"`
	// Sandboxes are those that changed; all of the list where there are none, as after a time without a connection.
	Sandboxes []string `json:"sandboxes"`
	// Survey asks for the counts of all calls too.
	Survey bool `json:"survey"`
}

// news answers what is new in the list of calls that the query describes. It changes nothing; it is a POST because
// what a page knows of hundreds of sandboxes does not fit into an address.
func (c *console) news(ec echo.Context) error {
	r := ec.Request()
	var q newsQuestion
	if err := json.NewDecoder(http.MaxBytesReader(ec.Response(), r.Body, maxForm)).Decode(&q); err != nil {
		return c.refuseNews(ec, &problem{http.StatusBadRequest, "What the page knows could not be read: " + err.Error()})
	}
	n, err := c.answerNews(r, q)
	if err != nil {
		return c.refuseNews(ec, err)
	}
	return ec.JSON(http.StatusOK, n)
}

func (c *console) answerNews(r *http.Request, q newsQuestion) (callNews, error) {
	ctx := r.Context()
	f, err := c.readCallFilter(r.URL.Query())
	if err != nil {
		return callNews{}, err
	}
	boxes, err := c.World.Sandboxes().List(ctx)
	if err != nil {
		return callNews{}, err
	}
	if err := c.checkFilter(ctx, boxes, f); err != nil {
		return callNews{}, err
	}
	n, err := c.gatherNews(ctx, f, q, boxes)
	if err != nil {
		return n, err
	}
	id := f.Scope
	if id == every {
		id = sandbox.Default
	}
	box, err := c.World.Sandboxes().Get(ctx, id)
	if err != nil {
		return n, nil //nolint:nilerr // a sandbox that was removed has no clock
	}
	clock, err := box.Clock(ctx)
	if n.Clock = c.clockState(clock); err != nil || !q.Survey {
		return n, err
	}
	seen, err := c.surveyOf(ctx, f, box)
	if err != nil {
		return n, err
	}
	var made bytes.Buffer
	err = render(&made, "calls", "survey", callList{callRows: callRows{Filter: f}, Survey: seen})
	n.Survey = made.String()
	return n, err
}

// refuseNews says why there are none.
func (c *console) refuseNews(ec echo.Context, err error) error {
	shown, status := c.errorBody(ec.Request(), err)
	http.Error(ec.Response(), shown.title+": "+fmt.Sprint(shown.data), status)
	return nil
}

// clockState tells clocks apart that go differently: of one that runs, by how many seconds it is ahead.
func (c *console) clockState(clock sandbox.Clock) string {
	if clock.Frozen {
		return "frozen " + clock.Now.Format(time.RFC3339Nano)
	}
	return "ahead " + clock.Now.Sub(c.World.RealNow()).Round(time.Second).String()
}

func (c *console) gatherNews(
	ctx context.Context, f callFilter, q newsQuestion, all []*sandbox.Sandbox,
) (n callNews, err error) {
	n = callNews{Run: c.run, Marks: map[string]string{}, First: map[string]uint64{}, Cleared: []string{}}
	boxes, about := map[string]*sandbox.Sandbox{}, q.Sandboxes
	for _, box := range all {
		boxes[box.ID] = box
		if len(q.Sandboxes) == 0 {
			about = append(about, box.ID)
		}
	}
	if len(q.Sandboxes) == 0 {
		for id := range q.Marks {
			if boxes[id] == nil {
				about = append(about, id)
			}
		}
	}
	var fresh, updated []listedCall
	for _, id := range about {
		if f.Scope != every && f.Scope != id {
			continue
		}
		box, there := boxes[id]
		if !there {
			n.Cleared = append(n.Cleared, id) // one that was removed has no calls
			continue
		}
		read, err := c.newsOf(ctx, f, box, q.Marks[id], &n)
		if err != nil {
			return n, err
		}
		fresh, updated = append(fresh, read.fresh...), append(updated, read.updated...)
	}
	n.Skipped += max(0, len(fresh)-listed)
	if n.Rows, err = c.renderRows(ctx, callRows{Filter: f, Skipped: n.Skipped}, newest(fresh, listed)); err != nil {
		return n, err
	}
	n.Updated, err = c.renderRows(ctx, callRows{Filter: f}, updated)
	return n, err
}

// boxNews are the calls of one sandbox that came, and earlier ones whose delivery became known.
type boxNews struct{ fresh, updated []listedCall }

// newsOf reads a journal on from where the page left off.
func (c *console) newsOf(
	ctx context.Context, f callFilter, box *sandbox.Sandbox, mark string, n *callNews,
) (read boxNews, err error) {
	j := c.World.Journal(box)
	reader := j.ReaderAt(mark)
	cleared, skipped := false, 0
	for {
		changes, err := reader.Next(ctx)
		if err != nil {
			return read, err
		}
		if changes.Cleared {
			read, cleared, skipped = boxNews{}, true, 0
		}
		skipped += int(changes.Missed)
		read.fresh = selected(f, read.fresh, changes.Records)
		delivered, err := j.At(ctx, changes.Delivered...)
		if err != nil {
			return read, err
		}
		read.updated = selected(f, read.updated, delivered)
		if over := len(read.fresh) - listed; over > 0 {
			read.fresh, skipped = read.fresh[over:], skipped+over
		}
		if len(changes.Records) < journal.MaxLimit {
			break
		}
	}
	if cleared {
		n.Cleared = append(n.Cleared, box.ID)
	}
	n.Skipped += skipped
	n.Marks[box.ID] = reader.Mark()
	n.First[box.ID] = reader.First()
	return read, nil
}

// selected appends those of some records that the filter selects.
func selected(f callFilter, calls []listedCall, records []journal.Record) []listedCall {
	filter := f.journal()
	for _, record := range records {
		if s := record.Summary(); filter.SelectsCall(record, &s) && f.shows(placeOf(s)) {
			calls = append(calls, listedCall{s, record})
		}
	}
	return calls
}

// renderRows are calls as the list shows them; none are no text.
func (c *console) renderRows(ctx context.Context, rows callRows, calls []listedCall) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err // nobody waits for them any more
	}
	rows.Calls = c.rowsOf(calls)
	var made bytes.Buffer
	err := render(&made, "calls", "call-rows", rows)
	return made.String(), err
}

// newest are the first n of some calls in the order of the list.
func newest(calls []listedCall, n int) []listedCall {
	slices.SortFunc(calls, func(a, b listedCall) int { return placeOf(a.Summary).compare(placeOf(b.Summary)) })
	return calls[:min(len(calls), n)]
}
