package cli

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"al.essio.dev/pkg/shellescape"
)

// Main runs the command line of this process and returns its exit code. The first SIGINT or SIGTERM stops the command
// gracefully, a second one kills it.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	command := commandName(os.Executable())
	if command == goRun {
		go endWith(ctx, os.Getppid(), end)
	}
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
	env := Env{Stdin: os.Stdin, Stdout: stdout, Stderr: stderr, Command: command, LookupEnv: os.LookupEnv}
	return Run(ctx, env, args...)
}

// goRun is what people type who have a checkout and installed nothing.
const goRun = "go run ."

// commandName returns what people type to run this executable: its name where their shell finds it by that, go run
// where the go command built it only to run it, and else its whole path.
func commandName(executable string, err error) string {
	if err != nil {
		return programName
	}
	if found, err := exec.LookPath(programName); err == nil && isSameFile(found, executable) {
		return programName
	}
	inBuildFolder := func(folder string) bool { return strings.HasPrefix(folder, "go-build") }
	if slices.ContainsFunc(strings.Split(filepath.ToSlash(executable), "/"), inBuildFolder) {
		return goRun
	}
	return shellescape.Quote(executable)
}

func isSameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// parentInterval is how often a program that go run started looks whether that still runs.
const parentInterval = 200 * time.Millisecond

// endWith calls end when the parent process is gone: go run dies of a SIGTERM and hands it to nobody, so that what it
// started would run on.
func endWith(ctx context.Context, parent int, end func()) {
	_ = tick(ctx, parentInterval, func() error {
		if os.Getppid() != parent {
			end()
		}
		return nil
	})
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

// withInput returns a context that ends once the input does, as it does when the program is gone that holds the other
// end: a parent that is killed tells nobody, but its pipes are closed.
func withInput(ctx context.Context, input io.Reader) context.Context {
	ctx, end := context.WithCancel(ctx)
	go func() {
		defer end()
		if input != nil {
			_, _ = io.Copy(io.Discard, input)
		}
	}()
	return ctx
}
