package main

import (
	"context"
	"fmt"
	"time"
)

// samples is how often the memory is read after the first time.
const samples = 10

// memory reads the memory of a server while calls come to one sandbox. The clock of the sandbox stands still, so that
// every nonce stays inside its time window until the end.
func memory(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serveSandboxes(ctx, 1)
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	if err := freezeClock(ctx, p, callers[0]); err != nil {
		return table{}, err
	}
	t := table{columns: []string{"calls", "memory MB", "seconds"}}
	begun, check := time.Now(), distinctTokens()
	for calls := 0; ; calls += b.total / samples {
		held, err := p.resident()
		if err != nil {
			return table{}, err
		}
		t.rows = append(t.rows, []any{calls, rounded(held, 1), rounded(time.Since(begun).Seconds(), 0)})
		if calls >= b.total {
			return t, nil
		}
		signed, err := requests(callers, b.total/samples)
		if err != nil {
			return table{}, err
		}
		answers, err := load{b.conns, b.rate}.send(ctx, p.data, signed)
		if err != nil {
			return table{}, err
		}
		if err := check(answers); err != nil {
			return table{}, fmt.Errorf("after %d calls: %w", calls, err)
		}
	}
}
