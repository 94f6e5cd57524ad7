package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
)

// changeEvents tells a page that something happened in its sandbox; the page then asks for itself anew. The first event
// comes at once: it covers what happened while the page was on its way, or the browser without a connection.
func (c *console) changeEvents(w http.ResponseWriter, r *http.Request) {
	l, err := c.layout(r)
	if err != nil {
		c.refuseStream(w, r, err)
		return
	}
	watch, err := c.Emulator.Watch()
	if err != nil {
		c.refuseStream(w, r, err)
		return
	}
	defer watch.Close()
	s := &changeStream{box: l.Sandbox.ID, out: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	_ = s.control.SetReadDeadline(time.Time{}) // that of the server is for requests; a stream outlives it
	for err = s.write("event: change\ndata:\n\n"); err == nil; {
		err = s.await(r.Context(), watch)
	}
}

// changeStream is one page that is kept fresh.
type changeStream struct {
	box     string
	out     http.ResponseWriter
	control *http.ResponseController
}

// await waits for something to happen. A flood of changes becomes a few events a second. A sandbox whose time is over
// goes without a word, so a silent page asks for itself now and then too.
func (s *changeStream) await(ctx context.Context, watch *emulator.Watch) error {
	limited, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	changed, err := watch.Next(limited)
	isSilent := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	switch {
	case err != nil && !isSilent:
		return err
	case !isSilent && !slices.Contains(changed, s.box):
		return nil
	}
	if err := s.write("event: change\ndata:\n\n"); err != nil {
		return err
	}
	pause(ctx, calm)
	return nil
}

func (s *changeStream) write(frame string) error {
	deadline := time.Now().Add(patience) //nolint:forbidigo // how long a socket may block is real time
	if err := s.control.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if _, err := s.out.Write([]byte(frame)); err != nil {
		return err
	}
	return s.control.Flush()
}
