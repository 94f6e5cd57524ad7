package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// returnInterval is how often a command that follows looks whether an emulator that stopped is back.
const returnInterval = 250 * time.Millisecond

// follow shows the latest entries and then new ones as they come in, until ctx ends. It waits for an emulator that
// stops to be started again.
func (r *requestsCommand) follow(ctx context.Context, env Env) error {
	kept, err := r.collect(ctx)
	if err != nil {
		return err
	}
	show, open := r.printer(env), openCalls{}
	f := &follower{requestsCommand: r, env: env, open: open, print: func(entries []client.Entry) error {
		open.note(entries)
		return show(entries)
	}}
	if err := f.print(r.latest(kept.Requests)); err != nil {
		return err
	}
	if n := len(kept.Requests); n > 0 {
		f.last = &kept.Requests[n-1]
	}
	for {
		err := f.read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil // an interrupt is the normal end
		case !isGone(err):
			return err
		}
		printf(env.Stderr, "the emulator at %s stopped: waiting for it to be started again\n", r.Control)
		if err := f.wait(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		printf(env.Stderr, "the emulator at %s is back\n", r.Control)
	}
}

// follower shows entries as they come in.
type follower struct {
	*requestsCommand
	env   Env
	print func([]client.Entry) error
	open  openCalls
	last  *client.Entry // the newest entry that is known, nil before the first
}

// read shows what comes in until the stream breaks.
func (f *follower) read(ctx context.Context) error {
	filter := f.filter()
	if f.last != nil {
		filter.After = f.place(f.last)
	}
	for event, err := range f.events(ctx, filter) {
		if err == nil {
			err = f.show(event)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place is where the events go on behind an entry.
func (r *requestsCommand) place(e *client.Entry) uint64 {
	if r.All {
		return uint64(max(e.Arrived.UnixMicro(), 0))
	}
	return e.Seq
}

func (r *requestsCommand) events(ctx context.Context, filter client.Filter) iter.Seq2[client.Event, error] {
	if r.All {
		return r.client().FollowAll(ctx, filter)
	}
	return r.client().Follow(ctx, r.Sandbox, filter)
}

// show prints what an event is about: a new entry, dropped entries or the end of the sandbox.
func (f *follower) show(event client.Event) error {
	notes := f.env.Stdout
	if f.JSON {
		notes = f.env.Stderr
	}
	switch {
	case event.Entry != nil:
		f.last = event.Entry
		return f.print([]client.Entry{*event.Entry})
	case event.Delivered != nil:
		if completed, wasOpen := f.open.complete(event.Delivered); wasOpen {
			return f.print([]client.Entry{completed})
		}
	case event.Missed > 0:
		printf(notes, "%d entries were dropped before they could be shown: the journal keeps only the latest\n", event.Missed)
	case event.Removed && !f.All:
		return fmt.Errorf("the sandbox %s was removed; see: tokenstage sandbox list", f.Sandbox)
	}
	return nil
}

// errBack ends the wait for an emulator.
var errBack = errors.New("the emulator is back")

// wait returns when an emulator answers again. Where its journal is another one than before, it is read from its start.
func (f *follower) wait(ctx context.Context) error {
	err := tick(ctx, returnInterval, func() error {
		same, err := f.isSameJournal(ctx)
		switch {
		case isGone(err):
			return nil
		case err != nil:
			return err
		case !same:
			f.last = nil
		}
		return errBack
	})
	if errors.Is(err, errBack) {
		return nil
	}
	return err
}

// isSameJournal reports whether the newest entry that is known is still in the journal.
func (f *follower) isSameJournal(ctx context.Context) (bool, error) {
	filter := client.Filter{Limit: 1}
	if f.last != nil {
		filter.After = max(f.place(f.last), 1) - 1
	}
	page, err := f.page(ctx, filter)
	if err != nil || f.last == nil || len(page.Requests) == 0 {
		return false, err
	}
	// A server that was started again draws the same ids from the same seed.
	found := page.Requests[0]
	return found.ID == f.last.ID && found.Time.Equal(f.last.Time), nil
}

// isGone reports whether an error is about the connection: the emulator stopped, or is not there yet.
func isGone(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, client.ErrStopped) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
