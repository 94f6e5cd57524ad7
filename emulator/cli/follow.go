package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// follow shows the latest entries and then new ones as they come in, until ctx ends.
func (r *requestsCommand) follow(ctx context.Context, env Env) error {
	kept, err := r.collect(ctx)
	if err != nil {
		return err
	}
	printAll := r.printer(env)
	if err := printAll(r.latest(kept.Requests)); err != nil {
		return err
	}
	filter := r.filter()
	if n := len(kept.Requests); n > 0 {
		filter.After = kept.Requests[n-1].Seq
	}
	for event, err := range r.client().Follow(ctx, r.Sandbox, filter) {
		switch {
		case ctx.Err() != nil:
			return nil // an interrupt is the normal end
		case errors.Is(err, client.ErrStopped):
			return fmt.Errorf("the emulator at %s stopped", r.Control)
		case err != nil:
			return err
		}
		if err := r.show(env, event, printAll); err != nil {
			return err
		}
	}
	return nil
}

// show prints what an event is about: a new entry, dropped entries or the end of the sandbox.
func (r *requestsCommand) show(env Env, event client.Event, print func([]client.Entry) error) error {
	notes := env.Stdout
	if r.JSON {
		notes = env.Stderr
	}
	switch {
	case event.Entry != nil:
		return print([]client.Entry{*event.Entry})
	case event.Missed > 0:
		printf(notes, "%d entries were dropped before they could be shown: the journal keeps only the latest\n", event.Missed)
	case event.Removed:
		return fmt.Errorf("the sandbox %s was removed; see: tokenstage sandbox list", r.Sandbox)
	}
	return nil
}
