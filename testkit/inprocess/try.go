package inprocess

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// Trial is what became of the calls with which a scenario was tried.
type Trial = emulator.Trial

// TryOption configures a trial.
type TryOption func(*emulator.TrialOptions)

// TrySeed draws chance from a seed; without it, from that of the default sandbox.
func TrySeed(seed uint64) TryOption { return func(o *emulator.TrialOptions) { o.Seed = seed } }

// TryFrom is where the clock stands at first; without it, at 2030-01-01T00:00:00Z.
func TryFrom(start time.Time) TryOption { return func(o *emulator.TrialOptions) { o.Start = start } }

// TryScenario plays the scenario of one file against the calls of another, as `tokenstage scenarios try` does: on a
// frozen clock, without a server and without waiting. The test fails where a file is not good, and where a call does
// not come to what it expects. The same files, seed and start give the same result.
func TryScenario(t client.T, scenario, calls string, options ...TryOption) Trial {
	t.Helper()
	folder, err := os.OpenRoot(filepath.Dir(scenario))
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = folder.Close() }()
	set := emulator.TrialOptions{Scenario: readText(t, scenario), Calls: readText(t, calls), Files: folder.FS()}
	for _, option := range options {
		option(&set)
	}
	tried, err := emulator.Try(t.Context(), set)
	if bad, ok := errors.AsType[*emulator.TrialError](err); ok {
		file := scenario
		if bad.InCalls {
			file = calls
		}
		for _, p := range bad.Problems {
			t.Errorf("%s:%s", file, p)
		}
		t.Fatalf("%s is not good", file)
	}
	if err != nil {
		t.Fatalf("try %s with %s: %v", scenario, calls, err)
	}
	for i := range tried.Calls {
		call := &tried.Calls[i]
		for _, d := range call.Differences {
			t.Errorf("%s:%d: call %d of %s at %s: %s; taken by: %s", calls, call.Line, call.Entry, call.Operation,
				call.At.Format(time.RFC3339Nano), d, call.TakenBy())
		}
	}
	return tried
}

func readText(t client.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}
