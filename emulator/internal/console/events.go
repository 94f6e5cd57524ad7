package console

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// minEventInterval is the least time between two events: a flood of calls reaches the page a few times a second.
const minEventInterval = 200 * time.Millisecond

// callEvent is what happened since the last one.
type callEvent struct {
	// Begin says that the rows are all that a page just opened would have, with Older behind them. It comes first on
	// every connection: what a browser missed while it was away, and what is gone since, is settled by it.
	Begin bool   `json:"begin"`
	Older string `json:"older"`
	// Kept is when the oldest call arrived that the journal of each sandbox keeps, in nanoseconds as the ids of rows have
	// it: rows of earlier ones are out of date.
	Kept map[string]string `json:"kept"`
	// Rows are new calls as the list shows them, newest first.
	Rows string `json:"rows"`
	// Updated are rows of earlier calls whose delivery became known: they replace those that the page has, if it has them.
	Updated string `json:"updated"`
	// Skipped counts calls that are not among the rows: too many at once.
	Skipped int `json:"skipped"`
	// Cleared are the sandboxes whose earlier calls are gone.
	Cleared []string `json:"cleared"`
}

// callEvents sends the list of calls as it grows, until the browser leaves or the emulator stops.
func (c *console) callEvents(ec echo.Context) error {
	r := ec.Request()
	l, err := c.layout(r)
	if err != nil {
		return c.refuseStream(ec, err)
	}
	f := readCallFilter(r.URL.Query())
	boxes, err := c.scope(r.Context(), f.Scope, l.Sandbox)
	if err == nil {
		err = c.checkFilter(r.Context(), boxes, f)
	}
	if err != nil {
		return c.refuseStream(ec, err)
	}
	watch, err := c.World.Watch() // before the first look, so that nothing comes between
	if err != nil {
		return c.refuseStream(ec, err)
	}
	defer watch.Close()
	s := &callStream{
		Stream: eventstream.Open(ec.Response()), console: c, filter: f, readers: map[string]*journal.Reader{},
		box: l.Sandbox, clockState: c.clockState(l.Clock),
	}
	boxes, err = c.scope(r.Context(), f.Scope, l.Sandbox) // once more: one may have come before the watch
	if err == nil && s.begin(r.Context(), boxes) == nil {
		s.follow(r.Context(), watch)
	}
	return nil // the answer is out, and every error ends it
}

// refuseStream says why there is none; a browser does not ask for it again.
func (c *console) refuseStream(ec echo.Context, err error) error {
	shown, status := c.errorBody(ec.Request(), err)
	http.Error(ec.Response(), shown.title+": "+fmt.Sprint(shown.data), status)
	return nil
}

// callStream is one browser that looks at the list.
type callStream struct {
	*eventstream.Stream
	*console

	filter  callFilter
	readers map[string]*journal.Reader // by sandbox
	box     *sandbox.Sandbox           // whose clock stands at the top of the page
	// clockState is what the page was last told of the clock.
	clockState sandbox.Clock
}

// begin marks up to where each journal is read, and sends the newest calls. One that comes between is sent twice; the
// page knows it by its id.
func (s *callStream) begin(ctx context.Context, boxes []*sandbox.Sandbox) error {
	e := callEvent{Begin: true, Kept: map[string]string{}}
	for _, box := range boxes {
		j := s.World.Journal(box)
		kept, err := j.List(ctx, journal.Filter{Limit: 1})
		if err != nil {
			return err
		}
		if len(kept.Requests) > 0 {
			e.Kept[box.ID] = strconv.FormatInt(kept.Requests[0].Arrived.UnixNano(), 10)
		}
		if s.readers[box.ID], err = atEnd(ctx, j); err != nil {
			return err
		}
	}
	calls, more, err := s.recent(ctx, boxes, s.filter)
	if err != nil {
		return err
	}
	e.Older = s.filter.older(calls, more)
	return s.send(calls, e)
}

// atEnd is a reader of what comes from now on. It has looked once: so it notices when what is there now is cleared.
func atEnd(ctx context.Context, j *journal.Journal) (*journal.Reader, error) {
	last, _, err := j.Recent(ctx, journal.Filter{Limit: 1}, 0)
	if err != nil {
		return nil, err
	}
	reader := j.Reader(0)
	if len(last) > 0 {
		reader = j.Reader(last[0].Seq)
	}
	_, err = reader.Next(ctx)
	return reader, err
}

// follow sends what comes. A sandbox whose time is over goes without a word, so the heartbeat looks after that too.
func (s *callStream) follow(ctx context.Context, watch *world.Watch) {
	for {
		changed, err := eventstream.Await(ctx, watch, func(string) bool { return true })
		if err == nil && changed == nil {
			if changed, err = s.removed(ctx); err == nil {
				err = s.SendHeartbeat()
			}
		}
		if err == nil {
			err = s.changed(ctx, changed)
		}
		if err != nil {
			return
		}
		pause(ctx, minEventInterval)
	}
}

// removed are the sandboxes that are read and are no more.
func (s *callStream) removed(ctx context.Context) (ids []string, err error) {
	all, err := s.World.Sandboxes().List(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, box := range all {
		there[box.ID] = true
	}
	for id := range s.readers {
		if !there[id] {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// pause lasts for d of real time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-limited.Done()
}

// changed sends what is new in some sandboxes.
func (s *callStream) changed(ctx context.Context, ids []string) error {
	e, calls, updated, err := s.collect(ctx, ids)
	if err != nil {
		return err
	}
	if slices.Contains(ids, s.box.ID) {
		if err := s.lookAtClock(ctx); err != nil {
			return err
		}
	}
	e.Skipped += max(0, len(calls)-listed)
	if len(calls) == 0 && len(updated) == 0 && len(e.Cleared) == 0 && e.Skipped == 0 {
		return nil
	}
	if e.Updated, err = s.rows(callRows{Filter: s.filter, Calls: updated}); err != nil {
		return err
	}
	return s.send(newest(calls), e)
}

// collect reads what is new in some sandboxes: the calls that came, and those that changed.
func (s *callStream) collect(
	ctx context.Context, ids []string,
) (e callEvent, calls, updated []journal.Summary, err error) {
	for _, id := range ids {
		if s.filter.Scope != every && s.filter.Scope != id {
			continue
		}
		n, err := s.read(ctx, id)
		if err != nil {
			return e, nil, nil, err
		}
		if n.cleared {
			e.Cleared = append(e.Cleared, id)
		}
		calls, e.Skipped = append(calls, n.calls...), e.Skipped+n.skipped
		updated = append(updated, n.updated...)
	}
	return e, calls, updated, nil
}

// lookAtClock tells the page when its clock goes otherwise than before: it then asks for itself anew.
func (s *callStream) lookAtClock(ctx context.Context) error {
	clock, err := s.box.Clock(ctx)
	if err != nil {
		return nil //nolint:nilerr // the sandbox is gone: no clock is to be shown
	}
	state := s.console.clockState(clock)
	if state == s.clockState {
		return nil
	}
	s.clockState = state
	return s.Send("change", 0, nil)
}

// clockState is a clock without the time that passes by itself: of one that runs, by how many seconds it is ahead.
func (c *console) clockState(clock sandbox.Clock) sandbox.Clock {
	if !clock.Frozen {
		clock.Now = time.Time{}.Add(clock.Now.Sub(c.World.RealNow()).Round(time.Second))
	}
	return clock
}

// news is what happened in one sandbox.
type news struct {
	cleared bool
	calls   []journal.Summary // the last that came
	updated []journal.Summary // earlier ones whose delivery became known
	skipped int               // how many came before them
}

func (s *callStream) read(ctx context.Context, id string) (n news, err error) {
	box, err := s.World.Sandboxes().Get(ctx, id)
	if err != nil {
		delete(s.readers, id)
		return news{cleared: true}, nil //nolint:nilerr // a sandbox that was removed has no calls
	}
	reader, ok := s.readers[id]
	if !ok {
		reader = s.World.Journal(box).Reader(0)
		s.readers[id] = reader
	}
	for {
		changes, err := reader.Next(ctx)
		if err != nil {
			return n, err
		}
		if changes.Cleared {
			n = news{cleared: true}
		}
		n.skipped += int(changes.Missed)
		n.calls = s.selected(n.calls, changes.Records)
		delivered, err := s.World.Journal(box).At(ctx, changes.Delivered...)
		if err != nil {
			return n, err
		}
		n.updated = s.selected(n.updated, delivered)
		if over := len(n.calls) - listed; over > 0 {
			n.calls, n.skipped = n.calls[over:], n.skipped+over
		}
		if len(changes.Records) < journal.MaxLimit {
			return n, nil // what comes from now on wakes the watch again
		}
	}
}

// selected appends those of some records that the filter selects.
func (s *callStream) selected(calls []journal.Summary, records []journal.Record) []journal.Summary {
	for _, record := range records {
		if s.filter.journal(0).Selects(record) {
			calls = append(calls, record.Summary())
		}
	}
	return calls
}

// send writes an event with its calls as rows.
func (s *callStream) send(calls []journal.Summary, e callEvent) error {
	var err error
	if e.Rows, err = s.rows(callRows{s.filter, calls, e.Skipped}); err != nil {
		return err
	}
	return s.Send("calls", 0, e)
}

// rows are calls as the list shows them; none are no text.
func (*callStream) rows(some callRows) (string, error) {
	var made bytes.Buffer
	err := render(&made, "calls", "call-rows", some)
	return made.String(), err
}
