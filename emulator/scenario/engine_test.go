package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/scenario"
	"github.com/tokenstage/tokenstage/emulator/store"
	"github.com/tokenstage/tokenstage/emulator/wire"
)

func TestTheNewestWins(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t, document("standing", "script: [fail: SystemOverFlow]")))
	steps := []struct {
		name, want string
		do         func()
	}{
		{"the default", "SystemOverFlow", func() {}},
		{"what is played wins over it", failed, func() { b.play(document("a", "script: [fail: InternalError]")) }},
		{"the next one wins", denied, func() { b.play(document("b", "script: [fail: PermissionCheckFailed]")) }},
		{"played again is newest", failed, func() { b.play(document("a", "script: [fail: InternalError]")) }},
		{"a known one", over, func() { b.playKnown("error/onsmqtt.ApplyToken/ApplyTokenOverFlow") }},
		{"stopped", failed, func() { b.stop("error/onsmqtt.ApplyToken/ApplyTokenOverFlow") }},
		{"the older is left", denied, func() { b.stop("a") }},
		{"the default is left", "SystemOverFlow", func() { b.stop("b") }},
		{"the default is off", "-", func() { b.stop("standing") }},
		{"another plays while it is off", denied, func() {
			b.play(document("b", "script: [fail: PermissionCheckFailed]"))
		}},
		{"the default is played", "SystemOverFlow", func() { b.playKnown("standing") }},
		{"and off again", denied, func() { b.stop("standing") }},
		{"nothing is left", "-", func() { b.stop("b") }},
		{"a reset brings the default back", "SystemOverFlow", func() {
			if err := b.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, step := range steps {
		step.do()
		if got := b.outcome(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t, "name: standing\nsummary: Stands.\nrules: [{on: '*', script: [pass]}]\n"))
	b.play(document("a", "script: [fail: InternalError]"))
	b.playKnown("error/onsmqtt.ApplyToken/SystemOverFlow")
	got, err := b.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []scenario.Status{
		{
			Name: "error/onsmqtt.ApplyToken/SystemOverFlow", Summary: got[0].Summary,
			Rules: []scenario.RuleStatus{{On: "onsmqtt.ApplyToken"}},
		},
		{Name: "a", Rules: []scenario.RuleStatus{{On: "onsmqtt.ApplyToken"}}},
		{Name: "standing", Summary: "Stands.", Default: true, Rules: []scenario.RuleStatus{{On: "*"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestPlayAgainStartsAtZero(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	source := document("a", "script: [fail: InternalError, pass]")
	b.play(source)
	first := b.outcomes(2)
	b.play(source)
	if diff := cmp.Diff(first, b.outcomes(2)); diff != "" {
		t.Errorf("second playing (-first +second):\n%s", diff)
	}
	b.stop("a")
	b.play(source)
	if got := b.outcome(); got != failed {
		t.Errorf("after stop and play: %s, want %s", got, failed)
	}
}

func TestPlayUnderAnotherName(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	source := document("a", "script: [fail: InternalError]")
	if err := b.Play(t.Context(), scenario.Playing{Name: "mine", Source: source}); err != nil {
		t.Fatal(err)
	}
	d := b.decide(b.ask(nil))
	if d.Scenario != "mine" || !strings.Contains(d.Fault.Findings[0].Message, "scenario mine") {
		t.Errorf("decided by %q: %v", d.Scenario, d.Fault.Findings)
	}
	b.play(source)
	if got, _ := b.List(t.Context()); len(got) != 2 {
		t.Errorf("%d scenarios play, want 2", len(got))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	b.play(document("a", "script: [fail: InternalError]"))
	tests := map[string]struct {
		do   func(context.Context) error
		want func(error) bool
	}{
		"unknown name": {
			func(ctx context.Context) error { return b.Play(ctx, scenario.Playing{Name: "nope"}) },
			func(err error) bool {
				return errors.Is(err, scenario.ErrUnknown) && strings.Contains(err.Error(), `"nope"`)
			},
		},
		"bad document": {
			func(ctx context.Context) error { return b.Play(ctx, scenario.Playing{Name: "a", Source: "name: a\n"}) },
			func(err error) bool { _, ok := errors.AsType[scenario.Problems](err); return ok },
		},
		"stop what does not play": {
			func(ctx context.Context) error { return b.Stop(ctx, "error/onsmqtt.ApplyToken/SystemOverFlow") },
			func(err error) bool { return errors.Is(err, scenario.ErrNotPlaying) },
		},
		"unknown name in the header": {
			func(ctx context.Context) error {
				in := b.ask(nil)
				in.Only = "nope"
				_, err := b.Decide(ctx, in, scenario.AtDecision)
				return err
			},
			func(err error) bool { return errors.Is(err, scenario.ErrUnknown) },
		},
	}
	for name, test := range tests {
		if err := test.do(t.Context()); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := b.outcome(); got != failed {
			t.Errorf("%s changed what plays: %s", name, got)
		}
	}
}

func TestNoMoreThanMaxPlaying(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t, document("standing", "script: [pass]")))
	for i := range scenario.MaxPlaying {
		b.play(document("s"+strconv.Itoa(i), "script: [fail: InternalError]"))
	}
	err := b.Play(t.Context(), scenario.Playing{Source: document("more", "script: [fail: PermissionCheckFailed]")})
	if !errors.Is(err, scenario.ErrFull) {
		t.Errorf("one more: %v, want ErrFull", err)
	}
	b.play(document("s3", "script: [fail: SystemOverFlow]"))
	if got := b.outcome(); got != "SystemOverFlow" {
		t.Errorf("one in the place of another: %s", got)
	}
}

// TestStoppedScenariosLeaveNothing looks into the space: what was played and stopped is gone from it.
func TestStoppedScenariosLeaveNothing(t *testing.T) {
	t.Parallel()
	space := &spy{Space: store.NewMemory().Space("box"), kept: map[string]bool{}}
	b := newBoxIn(t, newStage(t), space)
	b.play(document("a", "script: [fail: InternalError]"))
	b.play(document("a", "quota: {rate: 1/s, burst: 1, over: {fail: InternalError}}"))
	in := b.ask(nil)
	in.Only = "a"
	b.decide(in)
	b.outcome()
	b.stop("a")
	for key, kept := range space.kept {
		if kept && key != "scenario/playlist" && key != "scenario/plays" {
			t.Errorf("%s is still kept", key)
		}
	}
}

// spy remembers which keys hold something.
type spy struct {
	store.Space
	kept map[string]bool
}

func (s *spy) Put(ctx context.Context, key string, value []byte, expires time.Time) error {
	s.kept[key] = true
	return s.Space.Put(ctx, key, value, expires)
}

func (s *spy) Increment(ctx context.Context, key string, delta int64, expires time.Time) (int64, error) {
	s.kept[key] = true
	return s.Space.Increment(ctx, key, delta, expires)
}

func (s *spy) Update(
	ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error),
) error {
	s.kept[key] = true
	return s.Space.Update(ctx, key, change)
}

func (s *spy) Delete(ctx context.Context, key string) error {
	s.kept[key] = false
	return s.Space.Delete(ctx, key)
}

func TestPhases(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	b.play("name: a\nrules:\n  - {on: '*', at: arrival, script: [{network: reset}]}\n" +
		"  - {on: onsmqtt.ApplyToken, script: [fail: InternalError]}\n")
	in := b.ask(nil)
	if d := b.decideAt(in, scenario.AtArrival); d.Network != scenario.Reset || d.Rule != 0 {
		t.Errorf("at arrival: %+v", d)
	}
	if d := b.decide(in); outcomeOf(d) != failed || d.Rule != 1 {
		t.Errorf("at decision: %+v", d)
	}
	unknown := scenario.Input{Call: &wire.Call{Request: &wire.Request{}}, Now: b.now}
	if d := b.decideAt(unknown, scenario.AtArrival); d.Network != scenario.Reset {
		t.Errorf("unknown operation at arrival: %+v", d)
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	b.play("name: a\nrules:\n  - {on: '*', end: release, script: [{pass: {}, times: 3}]}\n" +
		"  - {on: onsmqtt.*, end: release, script: [{pass: {}, times: 2}]}\n" +
		"  - {on: onsmqtt.ApplyToken, script: [pass]}\n  - {on: appstream.GetAuthCode, script: [pass]}\n")
	var got []string
	for _, operation := range []string{
		"onsmqtt.QueryToken", "appstream.GetAuthCode", "onsmqtt.ApplyToken", "onsmqtt.RevokeToken",
		"onsmqtt.ApplyToken",
		"onsmqtt.ApplyToken", "onsmqtt.QueryToken", "appstream.GetAuthCode", "aicontent.CreateAccessWarrant",
	} {
		rule := "-"
		if d := b.decide(b.askFor(operation, nil)); d.Decided {
			rule = strconv.Itoa(d.Rule)
		}
		got = append(got, operation+" "+rule)
	}
	want := []string{
		"onsmqtt.QueryToken 0", "appstream.GetAuthCode 0", "onsmqtt.ApplyToken 0", "onsmqtt.RevokeToken 1",
		"onsmqtt.ApplyToken 1", "onsmqtt.ApplyToken 2", "onsmqtt.QueryToken -", "appstream.GetAuthCode 3",
		"aicontent.CreateAccessWarrant -",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	b.play(document("older", "end: release", "script: [fail: InternalError, fail: SystemOverFlow]"))
	b.play(document("newer", "script: [fail: PermissionCheckFailed]"))
	ask := func(only string) string {
		in := b.ask(nil)
		in.Only = only
		return outcomeOf(b.decide(in))
	}
	steps := []struct{ only, want string }{
		{"", denied},
		{"older", failed},                          // asked before the newer one
		{"older", "SystemOverFlow"},                // with a cursor
		{"older", denied},                          // that is used up: the others follow
		{"error/onsmqtt.ApplyToken/" + over, over}, // a known one need not play
		{"error/onsmqtt.QueryToken/" + failed, denied},
	}
	for i, step := range steps {
		if got := ask(step.only); got != step.want {
			t.Errorf("call %d with header %q: %s, want %s", i, step.only, got, step.want)
		}
	}
	b.stop("newer")
	if diff := cmp.Diff([]string{failed, "SystemOverFlow"}, b.outcomes(2)); diff != "" {
		t.Errorf("the header moved the cursor of what plays (-want +got):\n%s", diff)
	}
	b.play(document("older", "script: [fail: InternalError, pass]"))
	if got := ask("older"); got != failed {
		t.Errorf("played anew, named in the header: %s, want %s", got, failed)
	}
}

func TestDelayAndNetworkGoThrough(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	b.play(document("a", "script:", "  - {fail: InternalError, delay: 150ms, network: truncate}",
		"  - {delay: 2s, network: drip}"))
	d := b.decide(b.ask(nil))
	if d.Delay != 150*time.Millisecond || d.Network != scenario.Truncate || outcomeOf(d) != failed {
		t.Errorf("first: %+v", d)
	}
	d = b.decide(b.ask(nil))
	if d.Delay != 2*time.Second || d.Network != scenario.Drip || outcomeOf(d) != "pass" {
		t.Errorf("second: %+v", d)
	}
}

// TestSandboxesStayApart plays a script of its own in each of 200 sandboxes of one store at once.
func TestSandboxesStayApart(t *testing.T) {
	t.Parallel()
	const boxes, calls = 200, 12
	stage, memory := newStage(t, document("standing", "script: [pass]")), store.NewMemory()
	var end sync.WaitGroup
	for i := range boxes {
		end.Go(func() {
			b := newBoxIn(t, stage, memory.Space("box-"+strconv.Itoa(i)))
			b.now = b.now.Add(time.Duration(i) * time.Hour)
			want := []string{}
			for n := range calls {
				switch {
				case n < i%5:
					want = append(want, failed)
				case n < i%5+i%3+1:
					want = append(want, over)
				default:
					want = append(want, "pass")
				}
			}
			first := fmt.Sprintf("{fail: InternalError, times: %d}, ", i%5)
			if i%5 == 0 {
				first = ""
			}
			rest := fmt.Sprintf("{fail: ApplyTokenOverFlow, times: %d}, pass", i%3+1)
			b.play(document("own", "script: ["+first+rest+"]"))
			if diff := cmp.Diff(want, b.outcomes(calls)); diff != "" {
				t.Errorf("sandbox %d (-want +got):\n%s", i, diff)
			}
			if s, _ := b.status("own"); s.Rules[0].Taken != calls {
				t.Errorf("sandbox %d counts %d calls, want %d", i, s.Rules[0].Taken, calls)
			}
			if i%2 == 0 {
				b.stop("standing")
			}
			if _, on := b.status("standing"); on == (i%2 == 0) {
				t.Errorf("sandbox %d: the default plays: %t", i, on)
			}
		})
	}
	end.Wait()
}

// TestPlayersOfOneSpaceAgree stands for two processes over a shared store: each has a stage of its own.
func TestPlayersOfOneSpaceAgree(t *testing.T) {
	t.Parallel()
	space := store.NewMemory().Space("box")
	one, two := newBoxIn(t, newStage(t), space), newBoxIn(t, newStage(t), space)
	one.play(document("a", "script: [fail: InternalError, fail: ApplyTokenOverFlow, pass]"))
	got := []string{one.outcome(), two.outcome(), one.outcome()}
	if diff := cmp.Diff([]string{failed, over, "pass"}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	two.stop("a")
	if got := one.outcome(); got != "-" {
		t.Errorf("stopped by the other: %s", got)
	}
}

// TestChangesWhileCallsCome plays and stops under way: every call is decided by something that played, or by nothing.
func TestChangesWhileCallsCome(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
	ctx, cancel := context.WithCancel(t.Context())
	var end sync.WaitGroup
	in := b.ask(nil)
	for range 4 {
		end.Go(func() {
			for ctx.Err() == nil {
				d, err := b.Decide(t.Context(), in, scenario.AtDecision)
				if err != nil || d.Decided && outcomeOf(d) != failed {
					t.Errorf("%+v, %v", d, err)
					return
				}
			}
		})
	}
	for i := range 200 {
		b.play(document("a", "script: [{fail: InternalError, message: n"+strconv.Itoa(i)+"}]"))
		b.stop("a")
	}
	cancel()
	end.Wait()
}

func TestTheStoresErrorIsHandedOn(t *testing.T) {
	t.Parallel()
	b := newBoxIn(t, newStage(t), broken{})
	if _, err := b.Decide(t.Context(), b.ask(nil), scenario.AtDecision); !errors.Is(err, errBroken) {
		t.Errorf("Decide: %v", err)
	}
	known := scenario.Playing{Name: "error/onsmqtt.ApplyToken/" + over}
	if err := b.Play(t.Context(), known); !errors.Is(err, errBroken) {
		t.Errorf("Play: %v", err)
	}
	if _, err := b.List(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("List: %v", err)
	}
}

// broken is a store that does not answer.
type broken struct{ store.Space }

func (broken) Get(context.Context, string) ([]byte, bool, error) { return nil, false, errBroken }

func (broken) Increment(context.Context, string, int64, time.Time) (int64, error) {
	return 0, errBroken
}
