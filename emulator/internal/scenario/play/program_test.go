package play_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TestScenariosMadeByHand checks that a scenario is refused that is built in Go and that no document can describe.
func TestScenariosMadeByHand(t *testing.T) {
	t.Parallel()
	respond := func(r scenario.Respond) scenario.Rule {
		return scenario.Rule{On: []string{"*"}, Script: []scenario.Step{{Respond: &r}}}
	}
	for name, rule := range map[string]scenario.Rule{
		"no steps":      {On: []string{"*"}},
		"no calls":      {On: []string{"*"}, Quota: &scenario.Quota{Per: 1, Burst: 1}},
		"no time":       {On: []string{"*"}, Quota: &scenario.Quota{Calls: 1, Burst: 1}},
		"no burst":      {On: []string{"*"}, Quota: &scenario.Quota{Calls: 1, Per: 1}},
		"broken body":   respond(scenario.Respond{Body: "{{"}),
		"broken header": respond(scenario.Respond{Headers: map[string]string{"X-A": "{{"}}),
		"broken over":   {On: []string{"*"}, Quota: &scenario.Quota{Calls: 1, Per: 1, Burst: 1, Over: respond(scenario.Respond{Body: "{{"}).Script[0]}},
	} {
		made := &scenario.Scenario{Name: "made", Rules: []scenario.Rule{rule}}
		if _, err := play.NewDefaults(made); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPhases(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n  - {on: '*', at: arrival, script: [{network: reset}]}\n" +
		"  - {on: onsmqtt.ApplyToken, script: [fail: InternalError]}\n")
	in := b.ask(nil)
	if d := b.decideAt(in, scenario.AtArrival); d.Network != scenario.Reset || d.Rule != 0 {
		t.Errorf("at arrival: %+v", d)
	}
	if d := b.decide(in); outcomeOf(d) != failed || d.Rule != 1 {
		t.Errorf("at decision: %+v", d)
	}
	unknown := play.Input{Call: &wire.Call{Request: &wire.Request{}}, Now: b.now}
	if d := b.decideAt(unknown, scenario.AtArrival); d.Network != scenario.Reset {
		t.Errorf("unknown operation at arrival: %+v", d)
	}
}

func TestRulesApplyToOperations(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
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

func TestScenarioNamedInHeader(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
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
		{"error/onsmqtt.ApplyToken/" + over, over}, // a known scenario need not be playing
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
		t.Errorf("played again, named in the header: %s, want %s", got, failed)
	}
}

func TestScenarioNamedInHeaderWhenNothingPlays(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	in := b.ask(nil)
	in.Only = "error/onsmqtt.ApplyToken/" + over
	if got := outcomeOf(b.decide(in)); got != over {
		t.Errorf("named in the header: %s", got)
	}
	in.Only = "nope"
	if _, err := b.Decide(t.Context(), in, scenario.AtArrival); !errors.Is(err, play.ErrUnknown) {
		t.Errorf("an unknown one at arrival: %v", err)
	}
}

// TestHeaderFindsTheScenarioOfItsSandbox plays two scenarios of the same name and the same id in two sandboxes of one
// store, as two processes can: one engine must not confuse them.
func TestHeaderFindsTheScenarioOfItsSandbox(t *testing.T) {
	t.Parallel()
	memory := memory.New()
	one, two := newEngine(t), newEngine(t)
	newBoxIn(t, one, memory.Space("one")).play(document("a", "script: [fail: InternalError]"))
	newBoxIn(t, two, memory.Space("two")).play(document("a", "script: [fail: ApplyTokenOverFlow]"))
	for name, want := range map[string]string{"one": failed, "two": over} {
		b := newBoxIn(t, one, memory.Space(name))
		in := b.ask(nil)
		in.Only = "a"
		if got := outcomeOf(b.decide(in)); got != want {
			t.Errorf("sandbox %s: %s, want %s", name, got, want)
		}
	}
}

func TestDecisionHasDelayAndNetwork(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
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
