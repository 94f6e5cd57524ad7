package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// candidate is one of the servers or sandboxes that are compared.
type candidate struct {
	name    string
	process *process
	callers []*caller
	check   check
	// prepare runs before each measurement; usually nil.
	prepare func(context.Context) error
}

// result is one measurement of a candidate.
type result struct {
	wall, cpu time.Duration
	latencies []time.Duration // sorted
}

// compare measures every candidate once in each round, so that whatever disturbs the machine disturbs all of them. A
// round that does not count warms them up.
func (b *bench) compare(ctx context.Context, candidates []candidate) (table, error) {
	results := make([][]result, len(candidates))
	for round := range b.rounds + 1 {
		for i, c := range candidates {
			t, err := b.measure(ctx, c)
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				results[i] = append(results[i], t)
			}
		}
	}
	t := table{columns: []string{
		"", "requests/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "CPU µs/request", "first/this", "least", "most",
	}}
	for i, c := range candidates {
		t.rows = append(t.rows, append([]any{c.name}, b.summary(results[0], results[i])...))
	}
	return t, nil
}

// measure signs the requests of one measurement, sends them and checks all answers.
func (b *bench) measure(ctx context.Context, c candidate) (result, error) {
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return result{}, err
		}
	}
	signed, err := requests(c.callers, b.calls)
	if err != nil {
		return result{}, err
	}
	spent, err := c.process.cpu()
	if err != nil {
		return result{}, err
	}
	begun := time.Now()
	answers, err := load{b.conns, b.rate}.send(ctx, c.process.data, signed)
	t := result{wall: time.Since(begun)}
	if err != nil {
		return t, err
	}
	after, err := c.process.cpu()
	if err != nil {
		return t, err
	}
	t.cpu = after - spent
	for _, a := range answers {
		t.latencies = append(t.latencies, a.latency)
	}
	slices.Sort(t.latencies)
	return t, c.check(answers)
}

// summary returns the medians of a candidate's results, and the processor time of the first candidate divided by this
// one's in the same rounds: median, least and most.
func (b *bench) summary(first, results []result) []any {
	medianOf := func(number func(result) float64) float64 {
		all := make([]float64, len(results))
		for i, t := range results {
			all[i] = number(t)
		}
		return median(all)
	}
	latency := func(share float64) any {
		return rounded(medianOf(func(t result) float64 { return milliseconds(percentile(t.latencies, share)) }), 2)
	}
	ratios := make([]float64, len(results))
	for i := range results {
		ratios[i] = float64(first[i].cpu) / float64(max(results[i].cpu, tick))
	}
	return []any{
		rounded(medianOf(func(t result) float64 { return float64(b.calls) / t.wall.Seconds() }), 0),
		latency(0.5), latency(0.9), latency(0.99), latency(1),
		rounded(medianOf(func(t result) float64 { return t.cpu.Seconds() * 1e6 / float64(b.calls) }), 1),
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
