// Command bench measures a running Tokenstage from outside: real processes, real sockets, signed requests. What it
// compares is measured in turn within one run, and one wrong answer fails the run. It reads the processor time and the
// memory of a process from /proc, so it needs Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := runArgs
	if len(os.Args) == 2 && os.Args[1] == bareRole {
		run = func(ctx context.Context, _ []string, _ io.Writer) error { return serveBare(ctx, os.Stdin, os.Stderr) }
	}
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measures are the things that can be measured, in the order in which "all" takes them.
var measures = []struct {
	name, about string
	run         func(context.Context, *bench) (table, error)
}{
	{"speed", "CPU per request beside a bare net/http handler that returns the same bytes", speed},
	{"start", "time from the start of the process to its first answer, its memory then and later, and its size", starts},
	{"tests", "a sandbox, and an emulator in the process, that a test has to itself", tests},
	{"memory", "memory of the process while calls come in and no nonce expires", memory},
	{"sandboxes", "calls spread over many sandboxes", sandboxes},
	{"rules", "rules that look at every call and match none", rules},
	{"journal", "journals that fill up, and journals that are full", journals},
	{"cores", "a server that may use one core, or two", cores},
	{"replicas", "one to four servers on one Redis, beside one with its state in memory", replicas},
	{"hostile", "honest calls without attacks and under attack, and what the server holds before and after", hostile},
}

// sizes say how much is measured.
type sizes struct {
	rounds, calls, conns int
	starts, total        int
	worlds               int // of tests
	idle                 time.Duration
	sandboxes, rules     []int
	siege                time.Duration
	attack               string
}

var (
	full = sizes{
		rounds: 9, calls: 20_000, conns: 8, starts: 31, worlds: 300, total: 1_000_000, idle: 1500 * time.Millisecond,
		sandboxes: []int{1, 100, 1000, 10_000}, rules: []int{0, 1, 10, 100},
		siege: 44 * time.Second,
	}
	// quick is enough to see that everything works.
	quick = sizes{
		rounds: 1, calls: 200, conns: 4, starts: 2, worlds: 10, total: 2000, idle: 10 * time.Millisecond,
		sandboxes: []int{1, 10}, rules: []int{0, 10},
		siege: 2 * windowTime,
	}
)

// bench is one run of this program.
type bench struct {
	sizes

	program string // the server's
	rate    int    // requests a second; 0 for no limit
}

func runArgs(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		asJSON  = flags.Bool("json", false, "write JSON, one line for each measure")
		isQuick = flags.Bool("quick", false, "run small sizes, only to see that everything works")
		program = flags.String("server", "", "the `program` to measure; built from source when empty")
		rounds  = flags.Int("rounds", 0, "how often each candidate is measured")
		calls   = flags.Int("calls", 0, "calls in one measurement")
		conns   = flags.Int("conns", 0, "connections that send at once")
		lasts   = flags.Duration("lasts", 0, "how long honest calls are made without and with attacks, for hostile")
		attack  = flags.String("attack", "", "only attacks whose `name` holds this, for hostile")
		rate    = flags.Int("rate", 0, "at most so many requests a second; 0 sends each once the previous answer came")
	)
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	b := &bench{sizes: full, program: *program, rate: *rate}
	if *isQuick {
		b.sizes = quick
	}
	b.rounds, b.calls, b.conns = orDefault(*rounds, b.rounds), orDefault(*calls, b.calls), orDefault(*conns, b.conns)
	b.attack = *attack
	if *lasts > 0 {
		b.siege = *lasts
	}
	if b.program == "" {
		folder, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		b.program = filepath.Join(folder, "tokenstage")
		if err := buildServer(ctx, b.program); err != nil {
			return err
		}
	}
	return b.run(ctx, flags.Args(), *asJSON, out)
}

// orDefault returns the value of a flag, or the default where the flag was not set.
func orDefault(value, def int) int {
	if value > 0 {
		return value
	}
	return def
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	_, _ = fmt.Fprint(out, "usage: bench [flags] [measure ...]\n\n"+
		"Measures; the default is speed, and \"all\" takes all of them:\n")
	for _, m := range measures {
		_, _ = fmt.Fprintf(out, "  %-10s %s\n", m.name, m.about)
	}
	_, _ = fmt.Fprintln(out, "\nFlags:")
	flags.PrintDefaults()
}

// run takes the named measures; no name means the first one.
func (b *bench) run(ctx context.Context, names []string, asJSON bool, out io.Writer) error {
	if len(names) == 0 {
		names = []string{measures[0].name}
	}
	wanted := " " + strings.Join(names, " ") + " "
	for _, name := range names {
		if name != "all" && !isMeasure(name) {
			return fmt.Errorf("there is no measure %q; -h lists them", name)
		}
	}
	for _, m := range measures {
		if !strings.Contains(wanted, " "+m.name+" ") && !strings.Contains(wanted, " all ") {
			continue
		}
		t, err := m.run(ctx, b)
		if t.name, t.about = m.name, m.about; len(t.rows) > 0 {
			err = errors.Join(err, t.write(out, asJSON))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

func isMeasure(name string) bool {
	for _, m := range measures {
		if m.name == name {
			return true
		}
	}
	return false
}
