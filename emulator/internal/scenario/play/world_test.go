package play_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func builtin(tb testing.TB) *contract.Catalogue {
	tb.Helper()
	catalogue, err := contract.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

// decode reads a document that must have no problems.
func decode(tb testing.TB, source string) *scenario.Scenario {
	tb.Helper()
	s, problems := language.Decode([]byte(source), builtin(tb))
	if len(problems) > 0 {
		tb.Fatalf("problems of a good document:\n%v\n%s", problems, source)
	}
	return s
}

var generatedLibrary = sync.OnceValues(func() (*scenario.Library, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	return scenario.NewLibrary(catalogue, fstest.MapFS{}, language.NewDecoder(catalogue))
})

// newEngine returns an engine that knows the generated scenarios and plays the given documents by default.
func newEngine(tb testing.TB, defaults ...string) *play.Engine {
	tb.Helper()
	library, err := generatedLibrary()
	if err != nil {
		tb.Fatal(err)
	}
	options := play.Options{
		Lookup: library.Get, Decode: language.NewDecoder(builtin(tb)), Gateways: map[string]play.Gateway{},
	}
	for _, api := range builtin(tb).APIs {
		options.Gateways[api.Gateway.Name] = fakeGateway(api.Gateway.Name)
	}
	all := make([]*scenario.Scenario, len(defaults))
	for i, source := range defaults {
		all[i] = decode(tb, source)
	}
	if options.Defaults, err = play.NewDefaults(all...); err != nil {
		tb.Fatal(err)
	}
	return play.NewEngine(options)
}

// fakeGateway finds the outcome of a reply in its member "code" and names its content type after itself.
type fakeGateway string

func (fakeGateway) ReadReply(reply wire.Reply) (outcome string, value any) {
	value, err := contract.DecodeJSON(reply.Body)
	if err != nil {
		return "", nil
	}
	members, _ := value.(map[string]any)
	outcome, _ = members["code"].(string)
	return outcome, value
}

func (g fakeGateway) ContentType(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	return "text/" + string(g)
}

// box is one sandbox: its space, its clock and seed, and the player of its scenarios.
type box struct {
	testing.TB
	play.Player
	engine *play.Engine
	store.Space
	now  time.Time
	seed uint64
}

func newBox(tb testing.TB, engine *play.Engine) *box {
	tb.Helper()
	return newBoxIn(tb, engine, memory.New().Space("box"))
}

func newBoxIn(tb testing.TB, engine *play.Engine, space store.Space) *box {
	tb.Helper()
	return &box{TB: tb, Player: engine.Player(space), engine: engine, Space: space, now: noon(), seed: 7}
}

func noon() time.Time { return time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC) }

func (b *box) play(source string) {
	b.Helper()
	if err := b.Play(b.Context(), play.Playing{Source: source}); err != nil {
		b.Fatal(err)
	}
}

func (b *box) playKnown(name string) {
	b.Helper()
	if err := b.Play(b.Context(), play.Playing{Name: name}); err != nil {
		b.Fatal(err)
	}
}

func (b *box) stop(name string) {
	b.Helper()
	if err := b.Stop(b.Context(), name); err != nil {
		b.Fatal(err)
	}
}

// ask returns a call of ApplyToken with these parameters.
func (b *box) ask(params map[string]string) play.Input {
	b.Helper()
	return b.askFor("onsmqtt.ApplyToken", params)
}

func (b *box) askFor(operation string, params map[string]string) play.Input {
	b.Helper()
	for _, api := range builtin(b).APIs {
		for _, op := range api.Operations {
			if op.Name == operation {
				return play.Input{Operation: op, Now: b.now, Seed: b.seed, Call: &wire.Call{
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
	return play.Input{}
}

// Decide reads what plays and lets it decide a call.
func (b *box) Decide(ctx context.Context, in play.Input, phase scenario.Phase) (scenario.Decision, error) {
	record, _, err := b.Get(ctx, play.PlaylistKey)
	if err != nil {
		return scenario.Decision{}, err
	}
	program, err := b.engine.Program(ctx, b.Space, record)
	if err != nil {
		return scenario.Decision{}, err
	}
	return program.Decide(ctx, b.Space, in, phase)
}

func (b *box) decide(in play.Input) scenario.Decision {
	b.Helper()
	return b.decideAt(in, scenario.AtDecision)
}

func (b *box) decideAt(in play.Input, phase scenario.Phase) scenario.Decision {
	b.Helper()
	d, err := b.Decide(b.Context(), in, phase)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// outcome makes a call of ApplyToken without parameters. It returns the code with which the call fails, "pass" for a
// step that passes, and "-" when nothing decided.
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

func (b *box) status(name string) (play.Status, bool) {
	b.Helper()
	list, err := b.List(b.Context(), b.now)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range list {
		if s.Name == name {
			return s, true
		}
	}
	return play.Status{}, false
}

// errBroken is the error of a broken store.
var errBroken = errors.New("the store is unavailable")
