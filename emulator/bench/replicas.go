package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mostReplicas is how many servers share a store at most.
const mostReplicas = 4

// replicated is one of the ways to serve that are compared: servers among which the calls are divided, and their store.
type replicated struct {
	name    string
	servers []*process
	callers []*caller // one for each server, of one sandbox
	store   *process  // nil for memory
}

// replicas compares a server with its state in memory with one to four on one Redis. The connections are divided among
// the servers, as a balancer does.
func replicas(ctx context.Context, b *bench) (table, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return table{columns: []string{""}, rows: [][]any{{"redis-server is not installed: nothing was measured"}}}, nil
	}
	server, callers, err := b.serveSandboxes(ctx, 1)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	all := []replicated{{"memory", []*process{server}, callers, nil}}
	for n := range mostReplicas {
		r, err := b.startReplicas(ctx, n+1)
		defer r.stop()
		if err != nil {
			return table{}, err
		}
		all = append(all, r)
	}
	return b.compareReplicas(ctx, all)
}

// startReplicas starts a Redis of its own for each number of servers.
func (b *bench) startReplicas(ctx context.Context, count int) (r replicated, err error) {
	r.name = fmt.Sprintf("Redis, %d servers", count)
	if r.store, err = startRedis(ctx); err != nil {
		return r, err
	}
	for range count {
		p, err := b.startServer(ctx, "TOKENSTAGE_STORE=redis://"+r.store.data)
		if err != nil {
			return r, err
		}
		r.servers = append(r.servers, p)
	}
	callers, err := createSandboxes(ctx, r.servers[0], 1)
	if err != nil {
		return r, err
	}
	for _, p := range r.servers {
		same := *callers[0]
		same.host = p.data
		r.callers = append(r.callers, &same)
	}
	return r, nil
}

func (r *replicated) stop() {
	for _, p := range r.servers {
		p.stop()
	}
	if r.store != nil {
		r.store.cancel()
		_ = r.store.cmd.Wait() // its error says only that the process was told to stop
	}
}

// startRedis starts a Redis on a free port, which keeps nothing on the disk.
func startRedis(ctx context.Context) (*process, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{data: addr.String(), cancel: cancel}
	p.cmd = exec.CommandContext(ctx, "redis-server", "--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1",
		"--save", "", "--dir", "/tmp")
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	for range 500 {
		if _, err := commandsOf(ctx, p); err == nil {
			return p, nil
		}
		if err := waitUntil(ctx, time.Now().Add(tick)); err != nil {
			return p, err
		}
	}
	return p, errors.New("redis-server does not answer")
}

// commandsOf is how many commands a Redis has been sent that carry out steps.
func commandsOf(ctx context.Context, store *process) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", store.data)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("INFO commandstats\r\nQUIT\r\n")); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		stats, found := strings.CutPrefix(lines.Text(), "cmdstat_evalsha:calls=")
		if found {
			calls, _, _ := strings.Cut(stats, ",")
			return strconv.Atoi(calls)
		}
	}
	return 0, lines.Err()
}

// shared is one measurement of a way to serve.
type shared struct {
	result

	store    time.Duration // the processor time of the store
	commands int
}

func (b *bench) compareReplicas(ctx context.Context, all []replicated) (table, error) {
	results := make([][]shared, len(all))
	for round := range b.rounds + 1 {
		for i := range all {
			got, err := b.measureReplicas(ctx, &all[i])
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", all[i].name, err)
			}
			if round > 0 {
				results[i] = append(results[i], got)
			}
		}
	}
	t := table{columns: []string{
		"", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "store µs/request", "trips/request", "memory/this",
	}}
	for i := range all {
		t.rows = append(t.rows, append([]any{all[i].name}, b.sharedSummary(results[0], results[i])...))
	}
	return t, nil
}

// measureReplicas divides the calls among the servers and sends them at once.
func (b *bench) measureReplicas(ctx context.Context, r *replicated) (got shared, err error) {
	signed := make([][][]byte, len(r.servers))
	for i := range r.servers {
		if signed[i], err = requests(r.callers[i:i+1], b.calls/len(r.servers)); err != nil {
			return got, err
		}
	}
	before, err := r.spent(ctx)
	if err != nil {
		return got, err
	}
	answers, failures := make([][]answer, len(r.servers)), make([]error, len(r.servers))
	var senders sync.WaitGroup
	begun := time.Now()
	for i, p := range r.servers {
		senders.Go(func() {
			answers[i], failures[i] = load{max(b.conns/len(r.servers), 1), b.rate / len(r.servers)}.send(ctx, p.data, signed[i])
		})
	}
	senders.Wait()
	got.wall = time.Since(begun)
	if err := errors.Join(failures...); err != nil {
		return got, err
	}
	after, err := r.spent(ctx)
	if err != nil {
		return got, err
	}
	got.cpu, got.store, got.commands = after.cpu-before.cpu, after.store-before.store, after.commands-before.commands
	joined := slices.Concat(answers...)
	for _, a := range joined {
		got.latencies = append(got.latencies, a.latency)
	}
	slices.Sort(got.latencies)
	return got, distinctTokens()(joined)
}

// spent is the processor time so far, and how many commands the store was sent.
func (r *replicated) spent(ctx context.Context) (total shared, err error) {
	for _, p := range r.servers {
		cpu, err := p.cpu()
		if err != nil {
			return total, err
		}
		total.cpu += cpu
	}
	if r.store == nil {
		return total, nil
	}
	if total.store, err = r.store.cpu(); err != nil {
		return total, err
	}
	total.commands, err = commandsOf(ctx, r.store)
	return total, err
}

func (b *bench) sharedSummary(memory, results []shared) []any {
	medianOf := func(number func(int) float64) float64 {
		all := make([]float64, len(results))
		for i := range results {
			all[i] = number(i)
		}
		return median(all)
	}
	perCall := func(d time.Duration, i int) float64 { return d.Seconds() * 1e6 / float64(len(results[i].latencies)) }
	latency := func(share float64) any {
		return rounded(medianOf(func(i int) float64 { return milliseconds(percentile(results[i].latencies, share)) }), 2)
	}
	return []any{
		rounded(medianOf(func(i int) float64 { return float64(len(results[i].latencies)) / results[i].wall.Seconds() }), 0),
		latency(0.5), latency(0.99),
		rounded(medianOf(func(i int) float64 { return perCall(results[i].cpu, i) }), 1),
		rounded(medianOf(func(i int) float64 { return perCall(results[i].store, i) }), 1),
		rounded(medianOf(func(i int) float64 {
			return float64(results[i].commands) / float64(len(results[i].latencies))
		}), 2),
		rounded(medianOf(func(i int) float64 {
			return perCall(memory[i].cpu, i) / max(perCall(results[i].cpu, i), 1e-9)
		}), 3),
	}
}
