package play_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// made is one call of a test: when it is made, counted from noon, and what it is.
type made struct {
	at         time.Duration
	op         string // ApplyToken of onsmqtt when it is empty
	params     map[string]string
	headers    map[string]string
	credential string
	want       string
}

func (b *box) input(m made) play.Input {
	b.Helper()
	op := "onsmqtt.ApplyToken"
	if m.op != "" {
		op = m.op
	}
	in := b.askFor(op, m.params)
	in.Now = noon().Add(m.at)
	if m.credential != "" {
		in.Call.Credential.ID = m.credential
	}
	for name, value := range m.headers {
		in.Call.Request.Header.Set(name, value)
	}
	return in
}

// described is a decision in a word, with the message and the delay that it sets.
func described(d scenario.Decision) string {
	text := outcomeOf(d)
	if d.Fault != nil && d.Fault.Message != "" {
		text += ": " + d.Fault.Message
	}
	if d.Delay > 0 {
		text += " after " + d.Delay.String()
	}
	if d.Network != "" {
		text += " " + string(d.Network)
	}
	return text
}

func instance(id string) map[string]string { return map[string]string{"InstanceId": id} }

func TestWords(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	tests := map[string]struct {
		rules string
		calls []made
	}{
		"list of operations": {
			"- {on: [onsmqtt.QueryToken, appstream.*], script: [fail: Throttling]}",
			[]made{{want: "-"}, {op: "onsmqtt.QueryToken", want: "Throttling"}, {op: "appstream.GetAuthCode", want: "Throttling"}},
		},
		"not": {
			"- {on: onsmqtt.ApplyToken, when: {not: {params.InstanceId: a, headers.B: c}}, script: [fail: InternalError]}",
			[]made{
				{params: instance("a"), want: failed},
				{params: instance("b"), want: failed},
				{params: instance("a"), headers: map[string]string{"B": "c"}, want: "-"},
			},
		},
		"anyOf": {
			"- {on: onsmqtt.ApplyToken, when: {anyOf: [{params.InstanceId: a}, {headers.B: c}]}, script: [fail: InternalError]}",
			[]made{
				{params: instance("a"), want: failed},
				{params: instance("b"), want: "-"},
				{params: instance("b"), headers: map[string]string{"B": "c"}, want: failed},
			},
		},
		"elements": {
			"- {on: onsmqtt.ApplyToken, when: {'params.Resources[1]': x}, script: [fail: InternalError]}\n" +
				"- {on: onsmqtt.ApplyToken, when: {'params.Resources[*].name': y}, script: [fail: " + over + "]}\n" +
				"- {on: onsmqtt.ApplyToken, when: {not: {'params.Resources[*]': z}}, script: [fail: " + denied + "]}",
			[]made{
				{params: map[string]string{"Resources": "a, x"}, want: failed},
				{params: map[string]string{"Resources": `["a","x"]`}, want: failed},
				{params: map[string]string{"Resources": `[{"name":"x"},{"name":"y"}]`}, want: over},
				{params: map[string]string{"Resources": "x,z"}, want: "-"},
				{params: map[string]string{"Resources": "x"}, want: denied},
				{want: denied},
			},
		},
		"now between": {
			"- {on: onsmqtt.ApplyToken, when: {now: {between: ['22:00', '06:00'], zone: Asia/Shanghai}}, script: [fail: InternalError]}",
			[]made{ // noon is 20:00 there
				{want: "-"},
				{at: 2 * hour, want: failed},
				{at: 10*hour - 1, want: failed},
				{at: 10 * hour, want: "-"},
				{at: 26 * hour, want: failed},
			},
		},
		"now in an interval": {
			"- {on: onsmqtt.ApplyToken, when: {now: {gt: 2030-05-01T13:00:00Z, lt: 2030-05-01T14:00:00Z}}, script: [fail: InternalError]}",
			[]made{{want: "-"}, {at: hour, want: "-"}, {at: hour + 1, want: failed}, {at: 2 * hour, want: "-"}},
		},
		"states": {
			"- {on: onsmqtt.ApplyToken, when: {state.phase: b}, script: [{fail: InternalError, then: {state.phase: c}}]}\n" +
				"- {on: onsmqtt.ApplyToken, when: {state.phase: {absent: true}}, script: [fail: " + over + "], then: {state.phase: b}}\n" +
				"- {on: onsmqtt.ApplyToken, script: [fail: " + denied + "]}",
			[]made{{want: over}, {want: failed}, {want: denied}, {want: denied}},
		},
		"states end": {
			"- {on: onsmqtt.RevokeToken, also: {}, then: {state.gone: {value: 'yes', for: 10m}}}\n" +
				"- {on: onsmqtt.ApplyToken, when: {state.gone: 'yes'}, script: [{fail: InternalError, message: 'wait {{left}}'}]}",
			[]made{
				{want: "-"},
				{op: "onsmqtt.RevokeToken", want: "-"},
				{want: failed + ": wait 600"},
				{at: 9*time.Minute + 1, want: failed + ": wait 60"},
				{at: 10 * time.Minute, want: "-"},
				{at: hour, op: "onsmqtt.RevokeToken", want: "-"},
				{at: hour + time.Minute, want: failed + ": wait 540"},
			},
		},
		"per credential": {
			"- {on: onsmqtt.*, per: credential, script: [pass, fail: InternalError]}",
			[]made{
				{credential: "A", want: "pass"},
				{credential: "B", want: "pass"},
				{credential: "A", want: failed},
				{op: "onsmqtt.QueryToken", credential: "B", want: failed},
				{credential: "C", want: "pass"},
			},
		},
		"per parameter": {
			"- {on: onsmqtt.RevokeToken, per: params.InstanceId, script: [pass], then: {state.gone: 'yes'}}\n" +
				"- {on: onsmqtt.ApplyToken, per: params.InstanceId, when: {state.gone: 'yes'}, script: [fail: InternalError]}",
			[]made{
				{op: "onsmqtt.RevokeToken", params: instance("a"), want: "pass"},
				{params: instance("a"), want: failed},
				{params: instance("b"), want: "-"},
				{want: "-"},
			},
		},
		"per header": {
			"- {on: onsmqtt.*, per: headers.x-user, script: [pass, fail: InternalError]}",
			[]made{
				{headers: map[string]string{"X-User": "a"}, want: "pass"},
				{want: "pass"},
				{headers: map[string]string{"X-User": ""}, want: "pass"},
				{want: failed},
				{headers: map[string]string{"X-User": "a"}, want: failed},
			},
		},
		"for": {
			"- {on: onsmqtt.ApplyToken, for: 30s, script: [{fail: InternalError, message: '{{left}} left'}]}",
			[]made{
				{at: hour, want: failed + ": 30 left"},
				{at: hour + 29*time.Second + 1, want: failed + ": 1 left"},
				{at: hour + 30*time.Second, want: "-"},
				{at: 30 * hour, want: "-"},
			},
		},
		"until midnight": {
			"- {on: onsmqtt.ApplyToken, until: '00:00', zone: Asia/Shanghai, script: [{fail: InternalError, message: '{{left}}'}]}",
			[]made{{at: hour, want: failed + ": 10800"}, {at: 4*hour - 1, want: failed + ": 1"}, {at: 4 * hour, want: "-"}},
		},
		"until an instant": {
			"- {on: onsmqtt.ApplyToken, until: 2030-05-01T13:00:00Z, script: [{fail: InternalError, message: '{{left}}'}]}",
			[]made{{want: failed + ": 3600"}, {at: hour, want: "-"}},
		},
		"a story of three windows": {
			"- {on: onsmqtt.ApplyToken, script: [{pass: {}}], end: release}\n" +
				"- {on: onsmqtt.ApplyToken, for: 30s, script: [fail: Throttling.User]}\n" +
				"- {on: onsmqtt.ApplyToken, until: '00:00', zone: Asia/Shanghai, script: [{fail: Forbidden.RAM, message: '{{left}}'}]}",
			[]made{
				{want: "pass"},
				{want: "Throttling.User"},
				{at: 29 * time.Second, want: "Throttling.User"},
				{at: 30 * time.Second, want: "Forbidden.RAM: 14370"},
				{at: 3 * hour, want: "Forbidden.RAM: 3600"},
				{at: 4 * hour, want: "-"},
			},
		},
		"quota of the calendar": {
			"- {on: onsmqtt.ApplyToken, quota: {rate: 2/day, zone: Asia/Shanghai, over: {fail: InternalError, message: '{{left}}'}}}",
			[]made{
				{want: "-"},
				{at: hour, want: "-"},
				{at: hour, want: failed + ": 10800"},
				{at: 4*hour - 1, want: failed + ": 1"},
				{at: 4 * hour, want: "-"},
				{at: 4 * hour, want: "-"},
				{at: 4 * hour, want: failed + ": 86400"},
				{at: 4*hour - time.Millisecond, want: failed + ": 86401"}, // overtaken at midnight by the calls before
				{at: 50 * hour, want: "-"},
				{at: 50 * hour, want: "-"},
				{at: 50 * hour, want: failed + ": 7200"},
			},
		},
		"quotas beside each other": {
			"- {on: onsmqtt.ApplyToken, quota: {rate: 3/day, over: {fail: InternalError}}, zone: UTC}\n" +
				"- {on: onsmqtt.ApplyToken, quota: {rate: 2/s, over: {fail: " + over + ", message: '{{left}}'}}}",
			[]made{{want: "-"}, {want: "-"}, {want: over + ": 1"}, {at: hour, want: failed}},
		},
		"also": {
			"- {on: '*', also: {delay: 2s}}\n- {on: onsmqtt.ApplyToken, also: {delay: 1s, network: drip}}\n" +
				"- {on: onsmqtt.ApplyToken, script: [{pass: {}, delay: 3s}, {fail: InternalError, network: reset}], end: release}",
			[]made{
				{want: "pass after 6s drip"},
				{want: failed + " after 3s reset"},
				{want: "- after 3s drip"},
				{op: "onsmqtt.QueryToken", want: "- after 2s"},
			},
		},
		"also for a time": {
			"- {on: '*', also: {delay: 2s}, for: 1h}\n- {on: onsmqtt.ApplyToken, script: [fail: InternalError]}",
			[]made{{want: failed + " after 2s"}, {at: hour - 1, want: failed + " after 2s"}, {at: hour, want: failed}},
		},
		"one choice": {
			"- {on: onsmqtt.ApplyToken, script: [{choose: [{fail: InternalError, delay: 1s}], delay: 2s}]}",
			[]made{{want: failed + " after 3s"}},
		},
		"a choice sets a state": {
			"- {on: onsmqtt.ApplyToken, when: {state.a: b}, script: [fail: InternalError]}\n" +
				"- {on: onsmqtt.ApplyToken, script: [{choose: [{pass: {}, then: {state.a: b}}]}]}",
			[]made{{want: "pass"}, {want: failed}},
		},
		"texts": {
			"- on: onsmqtt.ApplyToken\n  script:\n" +
				"    - {fail: 'InvalidParameter.%s', fill: '{{param \"InstanceId\" | upper}}', message: 'no %s in {{param \"Actions\"}}'}",
			[]made{{
				params: map[string]string{"InstanceId": "a%s", "Actions": "%s"}, want: "InvalidParameter.%s: no A%S in %s",
			}},
		},
		"released rules with states": {
			"- {on: onsmqtt.ApplyToken, script: [fail: InternalError], end: release, then: {state.a: b}}",
			[]made{{want: failed}, {want: "-"}, {want: "-"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play("name: a\nrules:\n" + test.rules + "\n")
			for i, m := range test.calls {
				if got := described(b.decide(b.input(m))); got != m.want {
					t.Errorf("call %d: got %s, want %s", i, got, m.want)
				}
			}
		})
	}
}

// TestChance draws for many calls: so many fail as were meant, the same ones in a sandbox of the same seed, others with
// another seed.
func TestChance(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64, rules string, n int) []string {
		b := newBox(t, newEngine(t))
		b.seed = seed
		b.play("name: a\nrules:\n" + rules + "\n")
		return b.outcomes(n)
	}
	tests := map[string]struct {
		rules string
		want  map[string]float64 // the share of each outcome
	}{
		"chance": {
			"- {on: onsmqtt.ApplyToken, chance: 0.1, script: [fail: InternalError]}", map[string]float64{failed: 0.1, "-": 0.9},
		},
		"weights": {
			"- on: onsmqtt.ApplyToken\n  chance: 0.5\n  script:\n" +
				"    - choose: [{weight: 7, fail: InternalError}, {weight: 2, fail: " + over + "}, {weight: 1, fail: " + denied + "}]",
			map[string]float64{"-": 0.5, failed: 0.35, over: 0.1, denied: 0.05},
		},
		"chance of a step and a choice": {
			"- on: onsmqtt.ApplyToken\n  script:\n    - {chance: 0.5, choose: [{fail: InternalError, chance: 0.5}, {fail: " + over + "}]}",
			map[string]float64{"pass": 0.625, failed: 0.125, over: 0.25},
		},
		"two rules": {
			"- {on: onsmqtt.ApplyToken, chance: 0.5, script: [fail: InternalError]}\n" +
				"- {on: onsmqtt.ApplyToken, chance: 0.5, script: [fail: " + over + "]}",
			map[string]float64{failed: 0.5, over: 0.25, "-": 0.25},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const calls = 4000
			all := draw(7, test.rules, calls)
			counts := map[string]int{}
			for _, outcome := range all {
				counts[outcome]++
			}
			for outcome, share := range test.want {
				if got := float64(counts[outcome]) / calls; got < share-0.03 || got > share+0.03 {
					t.Errorf("%s came in %.3f of the calls, want %.3f", outcome, got, share)
				}
				delete(counts, outcome)
			}
			if len(counts) > 0 {
				t.Errorf("also came %v", counts)
			}
			if diff := cmp.Diff(all[:500], draw(7, test.rules, 500)); diff != "" {
				t.Errorf("the same seed drew something else:\n%s", diff)
			}
			if cmp.Equal(all[:500], draw(8, test.rules, 500)) {
				t.Error("another seed drew the same")
			}
		})
	}
}

// TestChanceDiffersBetweenKeys wants two values of a field to draw different numbers, each always the same.
func TestChanceDiffersBetweenKeys(t *testing.T) {
	t.Parallel()
	draw := func(credentials ...string) map[string]string {
		b := newBox(t, newEngine(t))
		b.play("name: a\nrules:\n- {on: onsmqtt.ApplyToken, per: credential, chance: 0.5, script: [fail: InternalError]}\n")
		got := map[string]string{}
		for range 64 {
			for _, credential := range credentials {
				got[credential] += outcomeOf(b.decide(b.input(made{credential: credential})))[:1]
			}
		}
		return got
	}
	both := draw("A", "B")
	if both["A"] == both["B"] || draw("A")["A"] != both["A"] || draw("B", "C", "A")["A"] != both["A"] {
		t.Errorf("drew %v", both)
	}
}

// TestRamp makes calls all along a ramp, and counts those that fail in each part of it.
func TestRamp(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n" +
		"- {on: onsmqtt.ApplyToken, chance: {from: 0, to: 0.5, over: 10m, back: 10m}, script: [fail: InternalError]}\n")
	for minute, want := range map[int]float64{0: 0, 5: 0.25, 10: 0.5, 15: 0.25, 20: 0, 100: 0} {
		share := 0.0
		if minute > 0 {
			b.decide(b.input(made{})) // the first call begins the ramp, whenever the others come
		}
		for range 1000 {
			if outcomeOf(b.decide(b.input(made{at: time.Duration(minute) * time.Minute}))) == failed {
				share += 0.001
			}
		}
		if share < want-0.05 || share > want+0.05 {
			t.Errorf("after %d minutes %.3f of the calls failed, want %.2f", minute, share, want)
		}
	}
}

// TestMissesOfWords wants to know of each rule that let a call go on why it did.
func TestMissesOfWords(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n" +
		"- {on: onsmqtt.ApplyToken, when: {state.phase: {equals: b}}, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, when: {now: {between: ['13:00', '14:00']}}, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, when: {not: {headers.A: {absent: true}}}, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, when: {anyOf: [{headers.A: a}, {headers.B: b}]}, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, when: {'params.Resources[*]': a}, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, chance: 0.0000001, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, until: 2030-05-01T11:00:00Z, script: [pass]}\n" +
		"- {on: onsmqtt.ApplyToken, quota: {rate: 9/day, over: pass}, zone: UTC}\n" +
		"- {on: onsmqtt.ApplyToken, also: {delay: 1s}}\n" +
		"- {on: onsmqtt.ApplyToken, script: [pass], then: {state.phase: b}}\n")
	d := b.decide(b.ask(map[string]string{"Resources": "x,y"}))
	if len(d.Misses) != 8 {
		t.Fatalf("got %d misses: %+v", len(d.Misses), d.Misses)
	}
	if drawn := &d.Misses[5].Got; len(*drawn) != len("0.1234") {
		t.Errorf("drew %s", *drawn)
	} else {
		*drawn = "drawn"
	}
	want := []scenario.Miss{
		{Condition: "when state.phase", Expected: "equal to b", Got: "nothing"},
		{Rule: 1, Condition: "when now", Expected: "between 13:00 and 14:00 UTC", Got: "2030-05-01T12:00:00Z"},
		{Rule: 2, Condition: "when not", Expected: "not that headers.A is absent", Got: "all of it"},
		{Rule: 3, Condition: "when anyOf", Expected: "headers.A is a glob a, or headers.B is a glob b", Got: "none of it"},
		{Rule: 4, Condition: "when params.Resources[*]", Expected: "a glob a", Got: "none of 2 elements"},
		{Rule: 5, Condition: "chance", Expected: "a draw below 1e-07", Got: "drawn"},
		{Rule: 6, Condition: "until", Expected: "a call before 2030-05-01T11:00:00Z", Got: "one at 2030-05-01T12:00:00Z"},
		{Rule: 7, Condition: "quota", Expected: "a call beyond 9 a day, from midnight in UTC", Got: "a call within, 8 left"},
	}
	for i := range want {
		want[i].Scenario = "a"
	}
	if diff := cmp.Diff(want, d.Misses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]scenario.Touch{{Scenario: "a", Rule: 8}}, d.Also); diff != "" {
		t.Errorf("also (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"phase": "b"}, d.States); diff != "" {
		t.Errorf("states (-want +got)\n%s", diff)
	}
}

// TestNotAsked lists the rules that a refused call does not reach.
func TestNotAsked(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t, "name: by-default\nrules: [{on: '*', script: [pass]}]\n"))
	b.play("name: a\nrules:\n- {on: onsmqtt.*, script: [pass]}\n- {on: '*', at: arrival, script: [pass]}\n" +
		"- {on: appstream.*, script: [pass]}\n")
	record, _, err := b.Get(t.Context(), play.PlaylistKey)
	if err != nil {
		t.Fatal(err)
	}
	program, err := b.engine.Program(t.Context(), b.Space, record)
	if err != nil {
		t.Fatal(err)
	}
	got := program.NotAsked(b.ask(nil), "")
	if len(got) != 1 || got[0].Rule != 0 || got[0].Condition != "refused" {
		t.Errorf("got %+v", got)
	}
}

// TestStatusOfWords lists states, windows, quotas and keys with what is left by the clock.
func TestStatusOfWords(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n" +
		"- {on: onsmqtt.QueryToken, for: 30s, script: [pass], then: {state.phase: b, state.ban: {value: c, for: 90s}}}\n" +
		"- {on: [onsmqtt.ApplyToken, appstream.*], per: credential, quota: {rate: 2/day, over: pass}, zone: UTC}\n" +
		"- {on: onsmqtt.ApplyToken, per: params.InstanceId, script: [{pass: {}, times: 2}, pass], then: {state.seen: 'yes'}}\n")
	for _, m := range []made{
		{op: "onsmqtt.QueryToken"}, {credential: "A", params: instance("i")}, {credential: "A"}, {credential: "A"}, {credential: "B"},
	} {
		b.decide(b.input(m))
	}
	b.now = noon().Add(20 * time.Second)
	got, _ := b.status("a")
	none, one := uint64(0), uint64(1)
	window := func(after, left int) *play.WindowStatus {
		return &play.WindowStatus{Ends: noon().Add(time.Duration(after) * time.Second), LeftSeconds: int64(left)}
	}
	want := play.Status{
		Name: "a",
		Rules: []play.RuleStatus{
			{On: "onsmqtt.QueryToken", CursorStatus: play.CursorStatus{Taken: 1, Position: 1, Window: window(30, 10)}},
			{On: "onsmqtt.ApplyToken, appstream.*", Per: "credential", CursorStatus: play.CursorStatus{Taken: 1}},
			{On: "onsmqtt.ApplyToken", Per: "params.InstanceId", CursorStatus: play.CursorStatus{Taken: 3}},
		},
		States: map[string]play.StateStatus{"phase": {Value: "b"}, "ban": {Value: "c", Window: window(90, 70)}},
		Keys: []play.KeyStatus{
			{Per: "credential", Value: "B", Rules: []play.KeyRuleStatus{{Rule: 1, CursorStatus: play.CursorStatus{Left: &one}}}},
			{
				Per: "params.InstanceId", Value: "nothing", States: map[string]play.StateStatus{"seen": {Value: "yes"}},
				Rules: []play.KeyRuleStatus{{Rule: 2, CursorStatus: play.CursorStatus{Taken: 2, Step: 1}}},
			},
			{
				Per: "params.InstanceId", Value: "i", States: map[string]play.StateStatus{"seen": {Value: "yes"}},
				Rules: []play.KeyRuleStatus{{Rule: 2, CursorStatus: play.CursorStatus{Taken: 1, Position: 1}}},
			},
			{
				Per: "credential", Value: "A",
				Rules: []play.KeyRuleStatus{{Rule: 1, CursorStatus: play.CursorStatus{Taken: 1, Left: &none}}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b.now = noon().Add(2 * time.Minute)
	if got, _ = b.status("a"); !got.Rules[0].Exhausted || got.Rules[0].Window.LeftSeconds != 0 || len(got.States) != 1 {
		t.Errorf("later: %+v", got)
	}
}

// TestSecretsAreNotListed keeps cursors for bearer tokens, which are secrets, and for long values.
func TestSecretsAreNotListed(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n- {on: '*', per: credential, script: [pass]}\n")
	in := b.input(made{credential: "tell nobody"})
	in.Call.Credential.Secret = true
	if d := b.decide(in); d.Key != "a bearer token" || d.Per != "credential" {
		t.Errorf("the key is %q of %q", d.Key, d.Per)
	}
	if got, _ := b.status("a"); fmt.Sprintf("%+v", got.Keys) == "" || got.Keys[0].Value != "a bearer token" {
		t.Errorf("listed: %+v", got.Keys)
	}
}

// TestPlayingAgainBeginsAnew plays, stops and plays again what has states, windows, quotas and keys.
func TestPlayingAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	const source = "name: a\nrules:\n" +
		"- {on: onsmqtt.ApplyToken, when: {state.a: b}, per: credential, script: [fail: InternalError]}\n" +
		"- {on: onsmqtt.ApplyToken, per: credential, for: 1s, script: [pass], then: {state.a: b}}\n" +
		"- {on: onsmqtt.QueryToken, quota: {rate: 1/day, over: {fail: InternalError}}, zone: UTC}\n"
	round := func() string {
		text := ""
		for _, m := range []made{{}, {}, {op: "onsmqtt.QueryToken"}, {op: "onsmqtt.QueryToken"}} {
			text += outcomeOf(b.decide(b.input(m))) + " "
		}
		return text
	}
	b.play(source)
	first := round()
	if again := round(); again == first || first != "pass InternalError - InternalError " {
		t.Errorf("first %q, then %q", first, again)
	}
	b.play(source)
	if again := round(); again != first {
		t.Errorf("played again: %q, want %q", again, first)
	}
	b.stop("a")
	b.play(source)
	if again := round(); again != first {
		t.Errorf("stopped and played again: %q, want %q", again, first)
	}
}
