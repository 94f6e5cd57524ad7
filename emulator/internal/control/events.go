package control

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// followRequests sends the journal as server-sent events: what is kept, then what comes, until the client leaves, the
// sandbox is removed or the emulator stops.
func followRequests(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	filter, err := readEventFilter(c.Request())
	if err != nil {
		return err
	}
	watch, err := p.world.Watch() // before the first reading, so that nothing comes between
	if err != nil {
		return err
	}
	defer watch.Close()
	return p.follow(c.Request().Context(), follower{eventstream.Open(c.Response())}, watch, box, filter)
}

// readEventFilter reads the filters of GET …/requests but for limit. A browser that connects again names the last event
// that it saw in a header: that goes before the query, which still says where it began.
func readEventFilter(r *http.Request) (journal.Filter, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return journal.Filter{}, problem(http.StatusBadRequest, "the query is not good: "+err.Error())
	}
	if query.Has("limit") {
		return journal.Filter{}, problem(http.StatusBadRequest, "events have no limit: leave it out")
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		query.Set("after", last)
	}
	return readFilter(query)
}

func (p *plane) follow(
	ctx context.Context, s follower, watch *world.Watch, box *sandbox.Sandbox, filter journal.Filter,
) error {
	reader := p.world.Journal(box).Reader(filter.After)
	for {
		for more := true; more; {
			changes, err := reader.Next(ctx)
			if err != nil {
				return nil //nolint:nilerr // the stream has begun; its end says that something is wrong
			}
			if err := s.changes(changes, filter); err != nil {
				return nil //nolint:nilerr // the client left
			}
			more = len(changes.Records) > 0
		}
		changed, err := eventstream.Await(ctx, watch, func(id string) bool { return id == box.ID })
		if err == nil && changed == nil {
			err = s.SendHeartbeat()
		}
		if err != nil {
			return nil //nolint:nilerr // the client left, or the emulator stops
		}
		if _, err := p.world.Sandboxes().Get(ctx, box.ID); err != nil {
			_ = s.Send("removed", 0, struct{}{})
			return nil //nolint:nilerr // what is followed is gone
		}
	}
}

// follower is a client to which a journal is sent.
type follower struct{ *eventstream.Stream }

func (s follower) changes(c journal.Changes, filter journal.Filter) error {
	if c.Cleared {
		if err := s.Send("cleared", 0, struct{}{}); err != nil {
			return err
		}
	}
	if c.Missed > 0 {
		if err := s.Send("missed", 0, controlapi.Missed{Missed: c.Missed}); err != nil {
			return err
		}
	}
	for _, record := range c.Records {
		selected, err := filter.Selects(record)
		if err != nil {
			return err
		}
		if !selected {
			continue
		}
		entry, err := record.Entry()
		if err != nil {
			return err
		}
		if err := s.Send("request", entry.Seq, entryView(entry)); err != nil {
			return err
		}
	}
	return nil
}
