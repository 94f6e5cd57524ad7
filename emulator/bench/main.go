// Command bench measures a running Tokenstage from outside: real processes, real sockets, signed requests. It compares
// in turn within one run, and fails when a single answer is wrong. It needs Linux, where it reads what a process costs.
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
	run := measure
	if len(os.Args) == 2 && os.Args[1] == bareRole {
		run = func(ctx context.Context, _ []string, _ io.Writer) error { return serveBare(ctx, os.Stdin, os.Stderr) }
	}
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measures are what can be measured, in the order in which "all" does.
var measures = []struct {
	name, about string
	take        func(context.Context, *bench) (table, error)
}{
	{"speed", "CPU per request beside a bare net/http handler that returns the same bytes", speed},
	{"start", "from the start of the process to its first answer, and what it then holds", starts},
	{"memory", "what the process holds while calls come, none of whose nonces is forgotten", memory},
	{"sandboxes", "calls spread over many sandboxes", sandboxes},
	{"rules", "playing rules that look at every call and take none", rules},
	{"journal", "journals that fill up, and journals that are full", journals},
	{"cores", "a server that may use one core, or two", cores},
}

// sizes are how much is measured.
type sizes struct {
	rounds, calls, conns int
	starts, total        int
	idle                 time.Duration
	sandboxes, rules     []int
}

var (
	full = sizes{
		rounds: 9, calls: 20_000, conns: 8, starts: 31, total: 1_000_000, idle: 1500 * time.Millisecond,
		sandboxes: []int{1, 100, 1000, 10_000}, rules: []int{0, 1, 10, 100},
	}
	// quick is enough to see that everything works.
	quick = sizes{
		rounds: 1, calls: 200, conns: 4, starts: 2, total: 2000, idle: 10 * time.Millisecond,
		sandboxes: []int{1, 10}, rules: []int{0, 10},
	}
)

// bench is one run.
type bench struct {
	sizes

	program string // the server's
	rate    int    // of requests a second; 0 for no limit
}

func measure(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		asJSON  = flags.Bool("json", false, "write JSON, a line for each measure")
		isQuick = flags.Bool("quick", false, "few of everything, to see that it works")
		program = flags.String("server", "", "the `program` to measure; built from source when empty")
		rounds  = flags.Int("rounds", 0, "how often all that is compared has its turn")
		calls   = flags.Int("calls", 0, "calls in a turn")
		conns   = flags.Int("conns", 0, "connections that send at once")
		rate    = flags.Int("rate", 0, "requests a second at most; 0 sends each when the answer before it has come")
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
	b.rounds, b.calls, b.conns = given(*rounds, b.rounds), given(*calls, b.calls), given(*conns, b.conns)
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

func given(wanted, otherwise int) int {
	if wanted > 0 {
		return wanted
	}
	return otherwise
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	_, _ = fmt.Fprint(out, "usage: bench [flags] [measure ...]\n\n"+
		"Measures; without any it is speed, and \"all\" is all:\n")
	for _, m := range measures {
		_, _ = fmt.Fprintf(out, "  %-10s %s\n", m.name, m.about)
	}
	_, _ = fmt.Fprintln(out, "\nFlags:")
	flags.PrintDefaults()
}

// run takes the measures of those names.
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
		t, err := m.take(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		t.name, t.about = m.name, m.about
		if err := t.write(out, asJSON); err != nil {
			return err
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
