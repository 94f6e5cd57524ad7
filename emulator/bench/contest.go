package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// entrant is one of several that are compared.
type entrant struct {
	name    string
	process *process
	callers []*caller
	judge   judge
	// before prepares a turn; usually nil.
	before func(context.Context) error
}

// turn is what one turn of an entrant gave.
type turn struct {
	wall, cpu time.Duration
	latencies []time.Duration // sorted
}

// contest lets the entrants have their turns, all once in each round: what disturbs the machine disturbs all of them.
// Each entrant warms up before.
func (b *bench) contest(ctx context.Context, entrants []entrant) (table, error) {
	turns := make([][]turn, len(entrants))
	for round := range b.rounds + 1 {
		for i, e := range entrants {
			t, err := b.take(ctx, e)
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", e.name, err)
			}
			if round > 0 {
				turns[i] = append(turns[i], t)
			}
		}
	}
	t := table{columns: []string{
		"", "requests/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "CPU µs/request", "first/this", "least", "most",
	}}
	for i, e := range entrants {
		t.rows = append(t.rows, append([]any{e.name}, b.summary(turns[0], turns[i])...))
	}
	return t, nil
}

// take signs the requests of a turn, sends them, and holds all answers to what they must be.
func (b *bench) take(ctx context.Context, e entrant) (turn, error) {
	if e.before != nil {
		if err := e.before(ctx); err != nil {
			return turn{}, err
		}
	}
	signed, err := requests(e.callers, b.calls)
	if err != nil {
		return turn{}, err
	}
	spent, err := e.process.cpu()
	if err != nil {
		return turn{}, err
	}
	begun := time.Now()
	answers, err := load{b.conns, b.rate}.drive(ctx, e.process.data, signed)
	t := turn{wall: time.Since(begun)}
	if err != nil {
		return t, err
	}
	after, err := e.process.cpu()
	if err != nil {
		return t, err
	}
	t.cpu = after - spent
	for _, a := range answers {
		t.latencies = append(t.latencies, a.latency)
	}
	slices.Sort(t.latencies)
	return t, e.judge(answers)
}

// summary are the medians of an entrant's turns, and how its processor time compares with the first entrant's in the
// same rounds: the median, the least and the most.
func (b *bench) summary(first, turns []turn) []any {
	of := func(number func(turn) float64) float64 {
		all := make([]float64, len(turns))
		for i, t := range turns {
			all[i] = number(t)
		}
		return median(all)
	}
	latency := func(share float64) any {
		return rounded(of(func(t turn) float64 { return milliseconds(percentile(t.latencies, share)) }), 2)
	}
	ratios := make([]float64, len(turns))
	for i := range turns {
		ratios[i] = float64(first[i].cpu) / float64(max(turns[i].cpu, tick))
	}
	return []any{
		rounded(of(func(t turn) float64 { return float64(b.calls) / t.wall.Seconds() }), 0),
		latency(0.5), latency(0.9), latency(0.99), latency(1),
		rounded(of(func(t turn) float64 { return t.cpu.Seconds() * 1e6 / float64(b.calls) }), 1),
		rounded(median(ratios), 3), rounded(slices.Min(ratios), 3), rounded(slices.Max(ratios), 3),
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// percentile returns the value that the given share of the sorted ones does not exceed.
func percentile[T any](sorted []T, share float64) T {
	at := int(share*float64(len(sorted))+0.5) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func median(values []float64) float64 { return percentile(slices.Sorted(slices.Values(values)), 0.5) }
