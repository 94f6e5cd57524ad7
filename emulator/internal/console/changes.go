package console

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// changeEvents tells a page that something happened in its sandbox; the page then asks for itself anew. The first event
// comes at once: it covers what happened while the page was on its way, or the browser without a connection.
func (c *console) changeEvents(ec echo.Context) error {
	r := ec.Request()
	l, err := c.layout(r)
	if err != nil {
		return c.refuseStream(ec, err)
	}
	watch, err := c.World.Watch()
	if err != nil {
		return c.refuseStream(ec, err)
	}
	defer watch.Close()
	s := changeStream{eventstream.Open(ec.Response()), l.Sandbox.ID}
	for err = s.tell(); err == nil; {
		err = s.await(r.Context(), watch)
	}
	return nil
}

// changeStream is one page that is kept fresh.
type changeStream struct {
	*eventstream.Stream

	box string
}

func (s changeStream) tell() error { return s.Send("change", 0, nil) }

// await waits for something to happen. A flood of changes becomes a few events a second. A sandbox whose time is over
// goes without a word, so a silent page asks for itself now and then too.
func (s changeStream) await(ctx context.Context, watch *world.Watch) error {
	if _, err := eventstream.Await(ctx, watch, func(id string) bool { return id == s.box }); err != nil {
		return err
	}
	if err := s.tell(); err != nil {
		return err
	}
	pause(ctx, minEventInterval)
	return nil
}
