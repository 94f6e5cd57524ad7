package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Main runs the command line of this process and returns its exit code. The first SIGINT or SIGTERM stops the command
// gracefully, a second one kills it.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals) // before the command learns of the first one, so that no second one gets lost
		end()
	}()
	return Run(ctx, Env{Stdout: stdout, Stderr: stderr, LookupEnv: os.LookupEnv}, args...)
}

// tick calls do at once and then at every interval, until do fails or ctx ends.
func tick(ctx context.Context, interval time.Duration, do func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
