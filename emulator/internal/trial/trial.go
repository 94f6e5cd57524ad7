// Package trial plays a scenario against described calls, on a frozen clock and without a server.
package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// Options say what is tried, and how.
type Options struct {
	Scenario *scenario.Scenario
	Calls    []scenario.DescribedCall
	// Gateways read scripted replies, by the names of the gateways.
	Gateways map[string]play.Gateway
	// Seed is what chance is drawn from. Start is where the clock stands at first.
	Seed  uint64
	Start time.Time
}

// Result is what became of the calls.
type Result struct {
	Scenario string    `json:"scenario"`
	Seed     uint64    `json:"seed"`
	Start    time.Time `json:"start"`
	// Calls are those that came, in their order: one that is described with times stands here as often.
	Calls []Call `json:"calls"`
	// Failed is how many of them did not come to what they were expected to.
	Failed int `json:"failed"`
}

// Call is one call and what became of it. Like the journal, it counts rules, steps and choices from 0.
type Call struct {
	// Entry is the described call, counted from 1, and Line where it stands. Time counts its times, from 1.
	Entry int `json:"entry"`
	Line  int `json:"line"`
	Time  int `json:"time"`
	// At is when it came by the clock, AtSeconds how long after the start.
	At        time.Time `json:"at"`
	AtSeconds float64   `json:"atSeconds"`
	Operation string    `json:"operation"`
	// Decision is the step that took it; nil when no rule did.
	Decision *Decision `json:"decision"`
	// Outcome is "ok", the code of the error, or "respond" for a scripted reply without one; Status is that of HTTP.
	Outcome string `json:"outcome"`
	Status  int    `json:"status"`
	// Message and Detail are those of the error.
	Message string            `json:"message,omitempty"`
	Detail  string            `json:"detail,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Body is that of a scripted reply.
	Body        string `json:"body,omitempty"`
	DelayMillis int64  `json:"delayMillis"`
	// BetweenMillis is the pause between the slices of the body.
	BetweenMillis int64            `json:"betweenMillis,omitempty"`
	Network       scenario.Network `json:"network,omitempty"`
	// CutBytes and BytesPerSecond say more of a network that truncates or drips; zero means the usual.
	CutBytes       int `json:"cutBytes,omitempty"`
	BytesPerSecond int `json:"bytesPerSecond,omitempty"`
	// Also are the rules that added to the answer without deciding it.
	Also []int `json:"also,omitempty"`
	// Misses say why rules did not take the call.
	Misses []Miss `json:"misses"`
	// Differences say in what it did not come to what was expected.
	Differences []Difference `json:"differences,omitempty"`
}

// Decision is the step that took a call.
type Decision struct {
	Rule   int  `json:"rule"`
	Step   int  `json:"step"`
	Choice *int `json:"choice,omitempty"`
	// Per and Key are the field and its value for which the rule keeps a cursor of its own.
	Per string `json:"per,omitempty"`
	Key string `json:"key,omitempty"`
	// States are those of the scenario after the call.
	States map[string]string `json:"states,omitempty"`
	// LeftSeconds is how long the quota or the window of the rule still lasts.
	LeftSeconds int64 `json:"leftSeconds,omitempty"`
}

// Miss says why a rule did not take a call.
type Miss struct {
	Rule      int    `json:"rule"`
	Condition string `json:"condition"`
	Expected  string `json:"expected"`
	Got       string `json:"got"`
}

// Difference is one thing in which a call did not come to what was expected.
type Difference struct {
	What     string `json:"what"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// String is the difference in a sentence without its subject.
func (d Difference) String() string {
	return fmt.Sprintf("%s must be %s, got %s", d.What, d.Expected, d.Got)
}

// Run plays the scenario. The same options give the same result. An error says that the scenario cannot be played.
func Run(ctx context.Context, o Options) (Result, error) {
	named := func(name string) (*scenario.Scenario, bool) { return o.Scenario, name == o.Scenario.Name }
	engine := play.NewEngine(play.Options{Lookup: named, Gateways: o.Gateways})
	t := &stage{Options: o, engine: engine, space: memory.New().Space("trial"), now: o.Start}
	if err := engine.Player(t.space).Play(ctx, play.Playing{Name: o.Scenario.Name}); err != nil {
		return Result{}, fmt.Errorf("play the scenario: %w", err)
	}
	result := Result{Scenario: o.Scenario.Name, Seed: o.Seed, Start: o.Start, Calls: []Call{}}
	for i := range o.Calls {
		described := &o.Calls[i]
		if err := t.move(described); err != nil {
			return Result{}, err
		}
		for n := range described.Times {
			call, err := t.call(ctx, described, uint64(len(result.Calls)+1))
			if err != nil {
				return Result{}, fmt.Errorf("call %d, line %d: %w", i+1, described.Line, err)
			}
			call.Entry, call.Time = i+1, n+1
			if call.compare(described.Expect); len(call.Differences) > 0 {
				result.Failed++
			}
			result.Calls = append(result.Calls, call)
		}
	}
	return result, nil
}

// stage is where the scenario plays: a sandbox that holds nothing else.
type stage struct {
	Options
	engine *play.Engine
	space  store.Space
	now    time.Time
}

// move moves the clock to a call. It never goes back.
func (t *stage) move(c *scenario.DescribedCall) error {
	if c.Unset {
		return nil
	}
	at := c.Instant
	if at.IsZero() {
		at = t.Start.Add(c.At)
	}
	if at.Before(t.now) {
		return fmt.Errorf("line %d: the call comes at %s, before the one above it, at %s: the clock only goes on", c.Line,
			at.UTC().Format(time.RFC3339Nano), t.now.UTC().Format(time.RFC3339Nano))
	}
	t.now = at
	return nil
}
