package main

import (
	"context"
)

// speed compares the server with the bare handler.
func speed(ctx context.Context, b *bench) (table, error) {
	real, callers, err := b.serve(ctx, 1)
	if err != nil {
		return table{}, err
	}
	defer real.stop()
	sample, err := one(ctx, callers[0])
	if err != nil {
		return table{}, err
	}
	bare, err := startBare(ctx, sample)
	if err != nil {
		return table{}, err
	}
	defer bare.stop()
	return b.contest(ctx, []entrant{
		{name: "bare handler", process: bare, callers: callers, judge: always(sample)},
		{name: "tokenstage", process: real, callers: callers, judge: distinctTokens()},
	})
}

// one is the answer to one call.
func one(ctx context.Context, c *caller) (answer, error) {
	request, err := c.request()
	if err != nil {
		return answer{}, err
	}
	answers, err := load{conns: 1}.drive(ctx, c.host, [][]byte{request})
	if err != nil {
		return answer{}, err
	}
	return answers[0], distinctTokens()(answers)
}

// cores compares servers that may use one core and two.
func cores(ctx context.Context, b *bench) (table, error) {
	var entrants []entrant
	for _, n := range []string{"1", "2"} {
		p, callers, err := b.serve(ctx, 1, "GOMAXPROCS="+n)
		if err != nil {
			return table{}, err
		}
		defer p.stop()
		entrants = append(entrants, entrant{name: "GOMAXPROCS=" + n, process: p, callers: callers, judge: distinctTokens()})
	}
	return b.contest(ctx, entrants)
}
