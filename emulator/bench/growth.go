package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// sandboxes compares servers with few sandboxes and with many. Each has calls in turn.
func sandboxes(ctx context.Context, b *bench) (table, error) {
	var entrants []entrant
	for _, n := range b.sandboxes {
		p, callers, err := b.serve(ctx, n)
		if err != nil {
			return table{}, err
		}
		defer p.stop()
		entrants = append(entrants,
			entrant{name: plural(n, "sandbox"), process: p, callers: callers, judge: distinctTokens()})
	}
	return b.contest(ctx, entrants)
}

func plural(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "x"):
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// rules compares sandboxes by how many rules play there.
func rules(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serve(ctx, len(b.rules))
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	var entrants []entrant
	for i, n := range b.rules {
		if n > 0 {
			if err := client.New(p.control).PlayDocument(ctx, callers[i].box, "idle", idleRules(n)); err != nil {
				return table{}, err
			}
		}
		entrants = append(entrants, entrant{
			name: plural(n, "rule"), process: p, callers: callers[i : i+1], judge: distinctTokens(),
		})
	}
	return b.contest(ctx, entrants)
}

// idleRules is a scenario of rules that look at a parameter of every call and take none.
func idleRules(count int) string {
	var text strings.Builder
	text.WriteString("name: idle\nsummary: Rules that take no call.\nrules:\n")
	for i := range count {
		_, _ = fmt.Fprintf(&text,
			"  - on: %s\n    when:\n      params.InstanceId: other-%d-*\n    script: [pass]\n", operation, i)
	}
	return text.String()
}

// perJournal is less than a journal keeps.
const perJournal = 900

// journals compares sandboxes whose journals are emptied before each turn with others whose journals drop an entry for
// each that comes.
func journals(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serve(ctx, 2*(b.calls/perJournal+1))
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	filling, full := callers[:len(callers)/2], callers[len(callers)/2:]
	control := client.New(p.control)
	empty := func(ctx context.Context) error {
		for _, c := range filling {
			if err := control.ClearRequests(ctx, c.box); err != nil {
				return err
			}
		}
		return nil
	}
	for range 2 { // a warm-up and these leave every journal full
		fill := entrant{process: p, callers: full, judge: distinctTokens()}
		if _, err := b.take(ctx, fill); err != nil {
			return table{}, err
		}
	}
	return b.contest(ctx, []entrant{
		{name: "filling", process: p, callers: filling, judge: distinctTokens(), before: empty},
		{name: "full", process: p, callers: full, judge: distinctTokens()},
	})
}

// freeze stops the clock of a caller's sandbox. Requests are then good for as long as its window lasts.
func freeze(ctx context.Context, p *process, c *caller) error {
	frozen := true
	_, err := client.New(p.control).ChangeClock(ctx, c.box, client.ClockChange{Frozen: &frozen})
	return err
}
