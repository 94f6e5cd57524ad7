package main

import (
	"context"
)

// speed compares the server with a bare handler that returns the same bytes.
func speed(ctx context.Context, b *bench) (table, error) {
	server, callers, err := b.serveSandboxes(ctx, 1)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	sample, err := callOnce(ctx, callers[0])
	if err != nil {
		return table{}, err
	}
	bare, err := startBare(ctx, sample)
	if err != nil {
		return table{}, err
	}
	defer bare.stop()
	return b.compare(ctx, []candidate{
		{name: "bare handler", process: bare, callers: callers, check: identicalTo(sample)},
		{name: "tokenstage", process: server, callers: callers, check: distinctTokens()},
	})
}

// callOnce makes one call and returns its answer.
func callOnce(ctx context.Context, c *caller) (answer, error) {
	request, err := c.request()
	if err != nil {
		return answer{}, err
	}
	answers, err := load{conns: 1}.send(ctx, c.host, [][]byte{request})
	if err != nil {
		return answer{}, err
	}
	return answers[0], distinctTokens()(answers)
}

// cores compares a server that may use one core with one that may use two.
func cores(ctx context.Context, b *bench) (table, error) {
	var candidates []candidate
	for _, n := range []string{"1", "2"} {
		p, callers, err := b.serveSandboxes(ctx, 1, "GOMAXPROCS="+n)
		if err != nil {
			return table{}, err
		}
		defer p.stop()
		candidates = append(candidates, candidate{
			name: "GOMAXPROCS=" + n, process: p, callers: callers, check: distinctTokens(),
		})
	}
	return b.compare(ctx, candidates)
}
