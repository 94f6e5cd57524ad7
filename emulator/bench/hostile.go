package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// windowTime is how long honest calls are made in turn while a bare handler is attacked, and while the server is.
	windowTime = 2 * time.Second
	// honestConns and honestRate are what honest clients ask for: so little that they do not wait for each other.
	honestConns, honestRate = 4, 200
	// attackers attack at once, each after a pause: what is looked for is an attack that costs much more than it is worth,
	// not a machine that has too much to do.
	attackers   = 2
	attackPause = 50 * time.Millisecond
	// patience is how long the calls of a window may take beyond it.
	patience = 10 * time.Second
	// most is how many times their quiet latency honest calls may take.
	most = 2.0
	// settleTime is how long the server may take to give back what attacks took.
	settleTime = 20 * time.Second
	mostMemory = 100 // MB above what it held before
	mostLeft   = 10  // connections and goroutines of this program's own
)

// judged are the shares of honest calls whose latencies are compared, each with the time below which it is good: ten
// milliseconds are what Go's scheduler gives a goroutine at once, and less than that is the machine's own.
var judged = []struct {
	name  string
	share float64
	good  time.Duration
}{{"median", 0.5, 2 * time.Millisecond}, {"p99", 0.99, 25 * time.Millisecond}}

// hostile mixes attacks with honest calls in other sandboxes. Honest calls get no wrong answer and are not slowed down,
// and afterwards the server holds what it held before.
func hostile(ctx context.Context, b *bench) (table, error) {
	p, callers, err := b.serveSandboxes(ctx, honestConns)
	if err != nil {
		return table{}, err
	}
	defer p.stop()
	attack, err := newAttack(ctx, p, b.attack)
	if err != nil {
		return table{}, err
	}
	sample, err := callOnce(ctx, callers[0])
	if err != nil {
		return table{}, err
	}
	bare, err := startBare(ctx, sample)
	if err != nil {
		return table{}, err
	}
	defer bare.stop()
	for name, one := range attack.all() { // each is tried once, and warms the server up
		if err := one(ctx); err != nil {
			return table{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	s := &siege{bench: b, process: p, callers: callers, attack: attack, decoy: attack.at(bare), check: distinctTokens()}
	before, err := s.settled(ctx, holdings{memory: math.Inf(1), files: math.MaxInt, goroutines: math.MaxInt})
	if err != nil {
		return table{}, err
	}
	for range max(1, int(b.siege/(2*windowTime))) {
		if err := s.pair(ctx); err != nil {
			return table{}, err
		}
	}
	after, err := s.settled(ctx, before.andMore())
	if err != nil {
		return table{}, err
	}
	return s.table(before, after), s.judge(before, after)
}

// siege is one run of the hostile soak.
type siege struct {
	*bench

	process         *process
	callers         []*caller
	attack, decoy   *attack
	check           check
	quiet, attacked []result
	attacks         int
}

// pair makes honest calls while a bare handler is attacked, then while the server is: what the attacks cost the machine
// and this program, which share the processor with the server, is in both.
func (s *siege) pair(ctx context.Context) error {
	quiet, _, err := s.under(ctx, s.decoy)
	if err != nil {
		return fmt.Errorf("without attacks: %w", err)
	}
	attacked, attacks, err := s.under(ctx, s.attack)
	if err != nil {
		return fmt.Errorf("under attack: %w", err)
	}
	s.quiet, s.attacked, s.attacks = append(s.quiet, quiet), append(s.attacked, attacked), s.attacks+attacks
	return nil
}

// under makes the honest calls of one window while somebody attacks.
func (s *siege) under(ctx context.Context, a *attack) (r result, attacks int, err error) {
	window, stop := context.WithCancel(ctx)
	failures, counts := make([]error, attackers), make([]int, attackers)
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() { counts[i], failures[i] = a.run(window) })
	}
	r, err = s.honest(ctx)
	stop()
	all.Wait()
	for _, n := range counts {
		attacks += n
	}
	return r, attacks, errors.Join(append(failures, err)...)
}

// honest makes the calls of one window. A wrong answer is an error.
func (s *siege) honest(ctx context.Context) (result, error) {
	signed, err := requests(s.callers, int(honestRate*windowTime.Seconds()))
	if err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, windowTime+patience, errors.New("honest calls do not come to their end"))
	defer cancel()
	answers, err := load{honestConns, honestRate}.send(ctx, s.process.data, signed)
	if err != nil && ctx.Err() != nil {
		return result{}, context.Cause(ctx)
	}
	if err != nil {
		return result{}, err
	}
	var r result
	for _, a := range answers {
		r.latencies = append(r.latencies, a.latency)
	}
	slices.Sort(r.latencies)
	return r, s.check(answers)
}

// settled reads what the server holds, while honest calls go on, until it is within a limit or does not come to it.
func (s *siege) settled(ctx context.Context, limit holdings) (got holdings, err error) {
	for until := time.Now().Add(settleTime); ; {
		if _, err = s.honest(ctx); err != nil {
			return got, err
		}
		if got, err = s.process.holds(ctx); err != nil || got.within(limit) || time.Now().After(until) {
			return got, err
		}
	}
}

// slower tells of each pair of windows how many times the quiet latency the other is, at some share of the calls.
func (s *siege) slower(share float64, good time.Duration) []float64 {
	ratios := make([]float64, len(s.quiet))
	for i := range ratios {
		quiet := max(percentile(s.quiet[i].latencies, share), good)
		ratios[i] = float64(percentile(s.attacked[i].latencies, share)) / float64(quiet)
	}
	return ratios
}

// isSlower is a sign test: were honest calls slowed down to just the most that is good, so many pairs beyond it would
// be seen in fewer than one of twenty runs. What disturbs the machine in one window or another fails no run.
func isSlower(ratios []float64) bool {
	beyond := 0
	for _, r := range ratios {
		if r > most {
			beyond++
		}
	}
	n, chance := len(ratios), 0.0
	for k := beyond; k <= n; k++ {
		chance += math.Exp(lnChoose(n, k) - float64(n)*math.Ln2)
	}
	return chance < 0.05
}

// lnChoose is the logarithm of a binomial coefficient.
func lnChoose(n, k int) float64 {
	ln := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return ln(n) - ln(k) - ln(n-k)
}

// judge is the error of a run that was not good.
func (s *siege) judge(before, after holdings) error {
	var wrong []error
	for _, j := range judged {
		if ratios := s.slower(j.share, j.good); isSlower(ratios) {
			wrong = append(wrong, fmt.Errorf("the %s of honest calls is more than %.0f times what it is without attacks: %.1f",
				j.name, most, slices.Sorted(slices.Values(ratios))))
		}
	}
	if !after.within(before.andMore()) {
		wrong = append(wrong, fmt.Errorf("afterwards the server holds %+v, before it held %+v", after, before))
	}
	return errors.Join(wrong...)
}

func (s *siege) table(before, after holdings) table {
	t := table{columns: []string{"", "p50 ms", "p99 ms", "max ms", "memory MB", "files", "goroutines"}}
	row := func(name string, results []result, h holdings) {
		var all []time.Duration
		for _, r := range results {
			all = append(all, r.latencies...)
		}
		slices.Sort(all)
		t.rows = append(t.rows, []any{
			name, rounded(milliseconds(percentile(all, 0.5)), 2), rounded(milliseconds(percentile(all, 0.99)), 2),
			rounded(milliseconds(percentile(all, 1)), 2), rounded(h.memory, 1), h.files, h.goroutines,
		})
	}
	row("quiet; before", s.quiet, before)
	row(fmt.Sprintf("%d attacks; after", s.attacks), s.attacked, after)
	ratios := []any{"median of the ratios"}
	for _, j := range judged {
		ratios = append(ratios, rounded(median(s.slower(j.share, j.good)), 2))
	}
	t.rows = append(t.rows, append(ratios, "", "", "", ""))
	return t
}

// holdings are what a server holds.
type holdings struct {
	memory            float64 // MB
	files, goroutines int
}

// andMore is what a server may hold afterwards that held this before.
func (h holdings) andMore() holdings {
	return holdings{h.memory + mostMemory, h.files + mostLeft, h.goroutines + mostLeft}
}

func (h holdings) within(limit holdings) bool {
	return h.memory <= limit.memory && h.files <= limit.files && h.goroutines <= limit.goroutines
}

// run attacks until ctx ends, and counts the attacks.
func (a *attack) run(ctx context.Context) (attacks int, err error) {
	all := a.all()
	names := sortedKeys(all)
	for ctx.Err() == nil {
		name := names[rand.IntN(len(names))] //nolint:gosec // which attack comes next is no secret
		if err := all[name](ctx); err != nil && ctx.Err() == nil && !a.decoy {
			return attacks, fmt.Errorf("%s: %w", name, err)
		}
		attacks++
		_ = waitUntil(ctx, time.Now().Add(attackPause))
	}
	return attacks, nil
}

// holds reads what the server says of itself, and the memory that the system sees.
func (p *process) holds(ctx context.Context) (h holdings, err error) {
	if h.memory, err = p.resident(); err != nil {
		return h, err
	}
	text, err := fetch(ctx, http.MethodGet, "http://"+p.control+"/metrics", nil)
	if err != nil {
		return h, err
	}
	if h.files, err = gauge(text, "process_open_fds"); err != nil {
		return h, err
	}
	h.goroutines, err = gauge(text, "go_goroutines")
	return h, err
}
