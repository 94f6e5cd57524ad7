package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// sandboxes compares servers with few and with many sandboxes, which are called in turn.
func sandboxes(ctx context.Context, b *bench) (table, error) {
	var candidates []candidate
	for _, n := range b.sandboxes {
		p, callers, err := b.serveSandboxes(ctx, n)
		if err != nil {
			return table{}, err
		}
		defer p.stop()
		candidates = append(candidates,
			candidate{name: plural(n, "sandbox"), process: p, callers: callers, check: distinctTokens()})
	}
	return b.compare(ctx, candidates)
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

// rules compares sandboxes in which few and many rules play.
func rules(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serveSandboxes(ctx, len(b.rules))
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	var candidates []candidate
	for i, n := range b.rules {
		if n > 0 {
			if err := client.New(p.control).PlayDocument(ctx, callers[i].sandbox, "idle", idleRules(n)); err != nil {
				return table{}, err
			}
		}
		candidates = append(candidates, candidate{
			name: plural(n, "rule"), process: p, callers: callers[i : i+1], check: distinctTokens(),
		})
	}
	return b.compare(ctx, candidates)
}

// idleRules is a scenario whose rules look at a parameter of every call and match none.
func idleRules(count int) string {
	var text strings.Builder
	text.WriteString("name: idle\nsummary: Rules that match no call.\nrules:\n")
	for i := range count {
		_, _ = fmt.Fprintf(&text,
			"  - on: %s\n    when:\n      params.InstanceId: other-%d-*\n    script: [pass]\n", operation, i)
	}
	return text.String()
}

// perJournal is how many calls go into one journal: fewer than it keeps.
const perJournal = 900

// journals compares sandboxes whose journals are emptied before each measurement with sandboxes whose journals are full
// and drop an entry for each new one.
func journals(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serveSandboxes(ctx, 2*(b.calls/perJournal+1))
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	filling, full := callers[:len(callers)/2], callers[len(callers)/2:]
	control := client.New(p.control)
	empty := func(ctx context.Context) error {
		for _, c := range filling {
			if err := control.ClearRequests(ctx, c.sandbox); err != nil {
				return err
			}
		}
		return nil
	}
	for range 2 { // these and the warm-up fill every journal
		fill := candidate{process: p, callers: full, check: distinctTokens()}
		if _, err := b.measure(ctx, fill); err != nil {
			return table{}, err
		}
	}
	return b.compare(ctx, []candidate{
		{name: "filling", process: p, callers: filling, check: distinctTokens(), prepare: empty},
		{name: "full", process: p, callers: full, check: distinctTokens()},
	})
}

// freezeClock stops the clock of a caller's sandbox, so that no nonce leaves its time window.
func freezeClock(ctx context.Context, p *process, c *caller) error {
	frozen := true
	_, err := client.New(p.control).ChangeClock(ctx, c.sandbox, client.ClockChange{Frozen: &frozen})
	return err
}
