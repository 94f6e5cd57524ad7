package control

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// showWholeCoverage answers with the coverage of all sandboxes, removed ones included.
func (p *plane) showWholeCoverage(c echo.Context) error {
	coverage, err := p.world.CoverageOfAll(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, coverageView(coverage))
}

// listAllRequests answers with the calls of all sandboxes.
func (p *plane) listAllRequests(c echo.Context) error {
	ctx := c.Request().Context()
	query, err := readQuery(c.Request())
	if err != nil {
		return err
	}
	boxes, err := p.world.AllSandboxes(ctx)
	if err != nil {
		return err
	}
	filter, err := p.readFilter(ctx, query, boxes...)
	if err != nil {
		return err
	}
	page, err := p.world.RequestsOfAll(ctx, boxes, filter)
	if err != nil {
		return err
	}
	return sendPage(c, page)
}

// followAllRequests sends the journals of all sandboxes as server-sent events, until the client leaves or the emulator
// stops.
func (p *plane) followAllRequests(c echo.Context) error {
	ctx := c.Request().Context()
	boxes, err := p.world.AllSandboxes(ctx)
	if err != nil {
		return err
	}
	filter, err := p.readEventFilter(c.Request(), boxes...)
	if err != nil {
		return err
	}
	watch, err := p.world.Watch() // before the first reading, so that nothing comes between
	if err != nil {
		return err
	}
	defer watch.Close()
	if boxes, err = p.world.AllSandboxes(ctx); err != nil {
		return err
	}
	s := allFollower{eventstream.Open(c.Response()), p.world, filter, map[string]followed{}}
	_ = s.follow(ctx, watch, boxes) // the stream has begun; its end says that something is wrong, or the client left
	return nil
}

// allFollower is a client to which the journals of all sandboxes are sent.
type allFollower struct {
	*eventstream.Stream

	world  *world.World
	filter journal.Filter
	// followed are the sandboxes that were read, by id.
	followed map[string]followed
}

// followed is a sandbox with the place up to which its journal was read.
type followed struct {
	box    *sandbox.Sandbox
	reader *journal.Reader
}

func (s allFollower) follow(ctx context.Context, watch *world.Watch, boxes []*sandbox.Sandbox) error {
	changed := make([]string, len(boxes))
	for i, box := range boxes {
		changed[i] = box.ID
	}
	for {
		if err := s.send(ctx, changed); err != nil {
			return err
		}
		var err error
		changed, err = eventstream.Await(ctx, watch, func(string) bool { return true })
		if err == nil && changed == nil {
			err = s.SendHeartbeat()
		}
		if err != nil {
			return err
		}
	}
}

// send sends what is new in some sandboxes, in the order of arrival.
func (s allFollower) send(ctx context.Context, ids []string) error {
	var all []world.Arrival
	for _, id := range ids {
		some, err := s.news(ctx, id)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	world.SortArrivals(all)
	for _, a := range all {
		if err := s.Send("request", a.Place(), entryView(a.Entry())); err != nil {
			return err
		}
	}
	return nil
}

// news are the new calls of a sandbox. What else happened to it is sent at once: it is about calls of before.
func (s allFollower) news(ctx context.Context, id string) ([]world.Arrival, error) {
	box, err := s.world.Sandboxes().Get(ctx, id)
	if errors.Is(err, sandbox.ErrUnknown) {
		return nil, s.removed(id)
	}
	if err != nil {
		return nil, err
	}
	now, known := s.followed[id]
	if !known {
		now = followed{box, s.world.Journal(box).Reader(0)}
		s.followed[id] = now
	}
	all, err := s.read(ctx, now)
	if !errors.Is(err, sandbox.ErrGone) {
		return all, err
	}
	// Another one has its id, or somebody else removed it.
	if err := s.removed(id); err != nil || now.box == box {
		return all, err
	}
	return s.news(ctx, id)
}

// read reads a journal to its end.
func (s allFollower) read(ctx context.Context, now followed) (all []world.Arrival, err error) {
	for {
		changes, err := now.reader.Next(ctx)
		if err != nil {
			return all, err
		}
		if err := s.tell(ctx, now.box, changes); err != nil {
			return nil, err
		}
		if len(changes.Records) == 0 {
			return all, nil
		}
		all = append(all, world.Arrivals(changes.Records, s.filter)...)
	}
}

// tell sends what happened to a journal beside new calls.
func (s allFollower) tell(ctx context.Context, box *sandbox.Sandbox, changes journal.Changes) error {
	if changes.Cleared {
		if err := s.Send("cleared", 0, controlapi.Where{Sandbox: box.ID}); err != nil {
			return err
		}
	}
	if changes.Missed > 0 {
		if err := s.Send("missed", 0, controlapi.MissedWhere{Missed: changes.Missed, Sandbox: box.ID}); err != nil {
			return err
		}
	}
	of := follower{s.Stream, s.world.Journal(box), s.filter}
	return of.delivered(ctx, changes)
}

// removed tells that a sandbox is no more, to who heard of it.
func (s allFollower) removed(id string) error {
	if _, known := s.followed[id]; !known {
		return nil
	}
	delete(s.followed, id)
	return s.Send("removed", 0, controlapi.Where{Sandbox: id})
}
