package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

const (
	// beatInterval is how often the stream says that the emulator is well. Pages that hear nothing for some of them say
	// that it does not answer.
	beatInterval = 4 * time.Second
	// minEventInterval is the least time between two changes: a flood of calls reaches pages a few times a second.
	minEventInterval = 200 * time.Millisecond
	// beatsBetweenLooks is how many beats pass before sandboxes are looked for whose time is over: they go without a word.
	beatsBetweenLooks = 4
)

// live tells a browser that the emulator is well and which sandboxes changed, until the browser leaves or the emulator
// stops. All windows of a browser share one: what they show of a sandbox they ask for by themselves.
func (c *console) live(ec echo.Context) error {
	watch, err := c.World.Watch()
	if err != nil {
		shown, status := c.errorBody(ec.Request(), err)
		http.Error(ec.Response(), shown.title+": "+fmt.Sprint(shown.data), status)
		return nil
	}
	defer watch.Close()
	s := liveStream{Stream: eventstream.Open(ec.Response()), console: c, watch: watch}
	ctx := ec.Request().Context()
	if _, err = s.removed(ctx); err == nil {
		err = s.Send("hello", 0, map[string]string{"run": c.run})
	}
	for err == nil {
		err = s.await(ctx)
	}
	return nil // the answer is out, and every error ends it
}

// liveStream is one browser that looks at pages.
type liveStream struct {
	*eventstream.Stream
	*console

	watch *world.Watch
	boxes map[string]bool // that there were at the last look
	beats int
}

// await waits for a change, or for the time of the next beat.
func (s *liveStream) await(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, beatInterval)
	defer cancel()
	changed, err := s.watch.Next(limited)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return s.beat(ctx)
	}
	if err != nil {
		return err
	}
	return s.changed(ctx, changed)
}

func (s *liveStream) changed(ctx context.Context, boxes []string) error {
	if err := s.Send("changed", 0, boxes); err != nil {
		return err
	}
	pause(ctx, minEventInterval)
	return nil
}

func (s *liveStream) beat(ctx context.Context) error {
	if s.beats++; s.beats%beatsBetweenLooks == 0 {
		if gone, err := s.removed(ctx); err != nil || len(gone) > 0 {
			return errors.Join(err, s.changed(ctx, gone))
		}
	}
	return s.Send("beat", 0, nil)
}

// removed are the sandboxes that are no more since the last look.
func (s *liveStream) removed(ctx context.Context) (gone []string, err error) {
	all, err := s.World.AllSandboxes(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, box := range all {
		there[box.ID] = true
	}
	for id := range s.boxes {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	s.boxes = there
	return gone, nil
}

// pause lasts for d of real time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-limited.Done()
}
