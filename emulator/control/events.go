package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/journal"
	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

const (
	// heartbeat is how often a silent stream says that it is still there, so that proxies keep it open.
	heartbeat = 15 * time.Second
	// eventWait is how long a follower may take to read what was sent before it is cut off.
	eventWait = 30 * time.Second
)

// followRequests sends the journal as server-sent events: what is kept, then what comes, until the client leaves, the
// sandbox is removed or the emulator stops.
func followRequests(p *plane, c *echo.Context, box *sandbox.Sandbox) error {
	filter, err := readEventFilter(c.Request())
	if err != nil {
		return err
	}
	watch, err := p.emulator.Watch() // before the first reading, so that nothing comes between
	if err != nil {
		return err
	}
	defer watch.Close()
	s := stream{out: c.Response(), control: http.NewResponseController(c.Response())}
	s.open()
	return p.follow(c.Request().Context(), s, watch, box, filter)
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
	ctx context.Context, s stream, watch *emulator.Watch, box *sandbox.Sandbox, filter journal.Filter,
) error {
	reader := p.emulator.Journal(box).Reader(filter.After)
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
		if err := s.await(ctx, watch, box.ID); err != nil {
			return nil //nolint:nilerr // the client left, or the emulator stops
		}
		if _, err := p.emulator.Sandboxes().Get(box.ID); err != nil {
			_ = s.send("removed", 0, struct{}{})
			return nil //nolint:nilerr // what is followed is gone
		}
	}
}

// stream writes server-sent events as the HTML standard has them, section 9.2.
type stream struct {
	out     http.ResponseWriter
	control *http.ResponseController
}

func (s stream) open() {
	header := s.out.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	s.out.WriteHeader(http.StatusOK)
	_ = s.control.SetReadDeadline(time.Time{}) // the server's limit is for requests; a stream outlives it
	_ = s.control.Flush()
}

func (s stream) changes(c journal.Changes, filter journal.Filter) error {
	if c.Cleared {
		if err := s.send("cleared", 0, struct{}{}); err != nil {
			return err
		}
	}
	if c.Missed > 0 {
		if err := s.send("missed", 0, map[string]uint64{"missed": c.Missed}); err != nil {
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
		if err := s.send("request", entry.Seq, entry); err != nil {
			return err
		}
	}
	return nil
}

// send writes one event; id zero leaves the last one in force.
func (s stream) send(event string, id uint64, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	frame := "event: " + event + "\n"
	if id != 0 {
		frame += "id: " + strconv.FormatUint(id, 10) + "\n"
	}
	return s.write(frame + "data: " + string(text) + "\n\n")
}

func (s stream) write(frame string) error {
	deadline := time.Now().Add(eventWait) //nolint:forbidigo // how long a socket may block is real time
	if err := s.control.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("limit the time of an event: %w", err)
	}
	if _, err := s.out.Write([]byte(frame)); err != nil {
		return err
	}
	return s.control.Flush()
}

// await waits until the journal of the sandbox changes, or it is time for a sign of life.
func (s stream) await(ctx context.Context, watch *emulator.Watch, id string) error {
	limited, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	for {
		changed, err := watch.Next(limited)
		switch {
		case err == nil && slices.Contains(changed, id):
			return nil
		case err == nil:
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return s.write(": still here\n\n")
		default:
			return err
		}
	}
}
