package cli

import (
	"context"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// followInterval is how often the journal is looked at.
const followInterval = 300 * time.Millisecond

// follow shows the latest entries and then what comes in, until ctx ends.
func (r *requestsCommand) follow(ctx context.Context, world World) error {
	notes := world.Stdout
	if r.JSON {
		notes = world.Stderr
	}
	show := r.latest // of what is there at the start
	var place bookmark
	printAll := r.printer(world)
	err := tick(ctx, followInterval, func() error {
		entries, err := place.next(func(after uint64) (client.Page, error) { return r.collect(ctx, after) })
		if err != nil {
			return err
		}
		if place.lost {
			say(notes, "entries were dropped before they could be shown: the journal keeps the latest\n")
		}
		entries, show = show(entries), all
		return printAll(entries)
	})
	if ctx.Err() != nil {
		return nil // interrupted, which is how following ends
	}
	return err
}

func all(entries []client.Entry) []client.Entry { return entries }

// bookmark remembers up to where a journal was read.
type bookmark struct {
	last    client.Entry
	dropped uint64
	// lost says that entries came and went between the last two looks.
	lost bool
}

// next returns the entries that are new. It reads from the last known entry on, that one included: where it is gone,
// the journal was cleared, has dropped it, or was reset and counts from 1 again. Then all that is there is new.
func (b *bookmark) next(read func(after uint64) (client.Page, error)) ([]client.Entry, error) {
	page, err := read(max(b.last.Seq, 1) - 1)
	if err != nil {
		return nil, err
	}
	b.lost = false
	entries := page.Requests
	switch {
	case b.last.Seq == 0:
	case b.at(page):
		entries = entries[1:]
	default:
		if page, err = read(0); err != nil {
			return nil, err
		}
		b.lost = page.Dropped > b.dropped
		entries = page.Requests
	}
	b.dropped = page.Dropped
	if len(entries) > 0 {
		b.last = entries[len(entries)-1]
	}
	return entries, nil
}

// at reports whether a page begins with the last known entry.
func (b *bookmark) at(page client.Page) bool {
	return len(page.Requests) > 0 && page.Requests[0].Seq == b.last.Seq && page.Requests[0].ID == b.last.ID
}
