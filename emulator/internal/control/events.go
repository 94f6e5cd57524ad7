package control

import (
	"context"
	"net/http"

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
	filter, err := p.readEventFilter(c.Request(), box)
	if err != nil {
		return err
	}
	watch, err := p.world.Watch() // before the first reading, so that nothing comes between
	if err != nil {
		return err
	}
	defer watch.Close()
	s := follower{eventstream.Open(c.Response()), p.world.Journal(box), filter}
	return p.follow(c.Request().Context(), s, watch, box)
}

// readEventFilter reads the filters of GET …/requests but for limit. A browser that connects again names the last event
// that it saw in a header: that goes before the query, which still says where it began.
func (p *plane) readEventFilter(r *http.Request, boxes ...*sandbox.Sandbox) (journal.Filter, error) {
	query, err := readQuery(r)
	if err != nil {
		return journal.Filter{}, err
	}
	if query.Has("limit") {
		return journal.Filter{}, problem(http.StatusBadRequest, "events have no limit: leave it out")
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		query.Set("after", last)
	}
	return p.readFilter(r.Context(), query, boxes...)
}

func (p *plane) follow(
	ctx context.Context, s follower, watch *world.Watch, box *sandbox.Sandbox,
) error {
	reader := s.journal.Reader(s.filter.After)
	for {
		for more := true; more; {
			changes, err := reader.Next(ctx)
			if err != nil {
				return nil //nolint:nilerr // the stream has begun; its end says that something is wrong
			}
			if err := s.changes(ctx, changes); err != nil {
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
type follower struct {
	*eventstream.Stream

	journal *journal.Journal
	filter  journal.Filter
}

func (s follower) changes(ctx context.Context, c journal.Changes) error {
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
	if err := s.delivered(ctx, c); err != nil {
		return err
	}
	return s.each(c.Records, func(e journal.Entry) error { return s.Send("request", e.Seq, entryView(e)) })
}

// delivered sends what became known of the delivery of earlier entries.
func (s follower) delivered(ctx context.Context, c journal.Changes) error {
	delivered, err := s.journal.At(ctx, c.Delivered...)
	if err != nil {
		return err
	}
	return s.each(delivered, func(e journal.Entry) error {
		return s.Send("delivery", 0, controlapi.Delivered{ID: e.ID, Seq: e.Seq, Delivery: deliveryView(e.Delivery)})
	})
}

// each sends the entries of some records that the filter selects.
func (s follower) each(records []journal.Record, send func(journal.Entry) error) error {
	for _, record := range records {
		if !s.filter.Selects(record) {
			continue
		}
		if err := send(record.Entry()); err != nil {
			return err
		}
	}
	return nil
}
