package emulator

import (
	"context"
	"io/fs"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/trial"
)

// TrialOptions are a scenario and the calls with which it is tried.
type TrialOptions struct {
	// Scenario is the document of the scenario. Calls is a list of calls in YAML, as docs/scenarios.md describes it.
	Scenario, Calls string
	// Files is the folder of the scenario, for the bodies that it keeps in files; nil where it keeps none.
	Files fs.FS
	// Seed is what chance is drawn from; zero means that of the default sandbox.
	Seed uint64
	// Start is where the clock stands at first; zero means TrialStart.
	Start time.Time
}

// TrialStart is where the clock of a trial stands at first unless told otherwise.
var TrialStart = time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)

// TriedCall is one call of a Trial, and what became of it.
type TriedCall = trial.Call

// Trial is what became of the calls with which a scenario was tried.
type Trial = trial.Result

// TrialError says what is wrong in one of the documents of a trial.
type TrialError struct {
	// InCalls says that it is the document with the calls, not the scenario.
	InCalls  bool
	Problems scenario.Problems
}

// Error lists the problems, one per line.
func (e *TrialError) Error() string { return e.Problems.Error() }

// Try plays a scenario against described calls, on a frozen clock and without a server. The same options give the same
// result. The error is a *TrialError where a document is not good.
func Try(ctx context.Context, o TrialOptions) (Trial, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return Trial{}, err
	}
	source, problems := []byte(o.Scenario), scenario.Problems(nil)
	if o.Files != nil {
		source, problems = language.Inline(source, o.Files)
	}
	if len(problems) > 0 {
		return Trial{}, &TrialError{Problems: problems}
	}
	script, problems := language.Decode(source, catalogue)
	if len(problems) > 0 {
		return Trial{}, &TrialError{Problems: problems}
	}
	calls, problems := language.DecodeCalls([]byte(o.Calls), script, catalogue)
	if len(problems) > 0 {
		return Trial{}, &TrialError{InCalls: true, Problems: problems}
	}
	if o.Seed == 0 {
		def, err := (Options{}).defaultSandbox()
		if err != nil {
			return Trial{}, err
		}
		o.Seed = def.Seed
	}
	if o.Start.IsZero() {
		o.Start = TrialStart
	}
	readers := map[string]play.Gateway{}
	for _, gw := range gateways.New(catalogue) {
		readers[gw.Name()] = gw
	}
	return trial.Run(ctx, trial.Options{
		Scenario: script, Calls: calls, Gateways: readers, Seed: o.Seed, Start: o.Start,
	})
}
