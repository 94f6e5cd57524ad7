package scenario_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var generatedLibrary = sync.OnceValues(func() (*scenario.Library, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	return scenario.NewLibrary(catalogue, fstest.MapFS{})
})

// newStage knows the generated scenarios and plays the given documents by default.
func newStage(tb testing.TB, defaults ...string) *scenario.Stage {
	tb.Helper()
	library, err := generatedLibrary()
	if err != nil {
		tb.Fatal(err)
	}
	options := scenario.Options{Lookup: library.Get, Outcome: gateways.Outcome, Decode: func(source []byte) (*scenario.Scenario, error) {
		s, problems := scenario.Decode(source, builtin(tb))
		if len(problems) > 0 {
			return nil, scenario.Problems(problems)
		}
		return s, nil
	}}
	for _, source := range defaults {
		options.Defaults = append(options.Defaults, decode(tb, source))
	}
	stage, err := scenario.NewStage(options)
	if err != nil {
		tb.Fatal(err)
	}
	return stage
}

// box is one sandbox with what plays in it.
type box struct {
	testing.TB
	scenario.Player
	store.Space
	now  time.Time
	seed uint64
}

func newBox(tb testing.TB, stage *scenario.Stage) *box {
	tb.Helper()
	return newBoxIn(tb, stage, store.NewMemory().Space("box"))
}

func newBoxIn(tb testing.TB, stage *scenario.Stage, space store.Space) *box {
	tb.Helper()
	return &box{TB: tb, Player: stage.Player(space), Space: space, now: noon(), seed: 7}
}

func noon() time.Time { return time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC) }

func (b *box) play(source string) {
	b.Helper()
	if err := b.Play(b.Context(), scenario.Playing{Source: source}); err != nil {
		b.Fatal(err)
	}
}

func (b *box) playKnown(name string) {
	b.Helper()
	if err := b.Play(b.Context(), scenario.Playing{Name: name}); err != nil {
		b.Fatal(err)
	}
}

func (b *box) stop(name string) {
	b.Helper()
	if err := b.Stop(b.Context(), name); err != nil {
		b.Fatal(err)
	}
}

// ask is a call of ApplyToken with these parameters.
func (b *box) ask(params map[string]string) scenario.Input {
	b.Helper()
	return b.askFor("onsmqtt.ApplyToken", params)
}

func (b *box) askFor(operation string, params map[string]string) scenario.Input {
	b.Helper()
	for _, api := range builtin(b).APIs {
		for _, op := range api.Operations {
			if op.Name == operation {
				return scenario.Input{Operation: op, Now: b.now, Seed: b.seed, Call: &wire.Call{
					Request: &wire.Request{
						Method: http.MethodPost, Path: op.Path, Host: "host.example", Header: http.Header{},
					},
					ID: "call-1", Gateway: api.Gateway.Name, API: api.Name, Operation: op.ID, Text: params,
					Credential: wire.Credential{Kind: wire.AccessKey, ID: "LTAIfake"},
				}}
			}
		}
	}
	b.Fatalf("no operation %s", operation)
	return scenario.Input{}
}

func (b *box) decide(in scenario.Input) scenario.Decision {
	b.Helper()
	return b.decideAt(in, scenario.AtDecision)
}

func (b *box) decideAt(in scenario.Input, phase scenario.Phase) scenario.Decision {
	b.Helper()
	d, err := b.Decide(b.Context(), in, phase)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// outcome is the code that a call of ApplyToken without parameters fails with, "pass" for a step that passes, and "-"
// when nothing decided.
func (b *box) outcome() string {
	b.Helper()
	return outcomeOf(b.decide(b.ask(nil)))
}

func outcomeOf(d scenario.Decision) string {
	switch {
	case !d.Decided:
		return "-"
	case d.Fault != nil && d.Fault.Kind == wire.Documented:
		return d.Fault.Code
	case d.Fault != nil:
		return string(d.Fault.Kind)
	case d.Reply != nil:
		return d.Reply.Outcome
	}
	return "pass"
}

func (b *box) outcomes(n int) []string {
	b.Helper()
	list := make([]string, n)
	for i := range list {
		list[i] = b.outcome()
	}
	return list
}

func (b *box) status(name string) (scenario.Status, bool) {
	b.Helper()
	list, err := b.List(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range list {
		if s.Name == name {
			return s, true
		}
	}
	return scenario.Status{}, false
}

// errBroken is what a broken store says.
var errBroken = errors.New("the store is away")
