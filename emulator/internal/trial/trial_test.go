package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/trial"
)

var start = time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)

// run tries the rules of a scenario with calls, both in YAML.
func run(t *testing.T, seed uint64, rules, calls string) (trial.Result, error) {
	t.Helper()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	s, problems := language.Decode([]byte("name: a\nrules:\n"+rules), catalogue)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	described, problems := language.DecodeCalls([]byte(calls), s, catalogue)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	readers := map[string]play.Gateway{}
	for _, gw := range gateways.New(catalogue) {
		readers[gw.Name()] = gw
	}
	return trial.Run(t.Context(), trial.Options{
		Scenario: s, Calls: described, Gateways: readers, Seed: seed, Start: start,
	})
}

func good(t *testing.T, rules, calls string) []trial.Call {
	t.Helper()
	result, err := run(t, 7, rules, calls)
	if err != nil {
		t.Fatal(err)
	}
	return result.Calls
}

// outcomes are those of calls, in a line.
func outcomes(calls []trial.Call) string {
	texts := make([]string, len(calls))
	for i := range calls {
		texts[i] = calls[i].Outcome + " by " + calls[i].TakenBy()
	}
	return strings.Join(texts, "; ")
}

// TestCallOfEachKind looks at all that is told of a call: an error, a reply of the script, none of both.
func TestCallOfEachKind(t *testing.T) {
	t.Parallel()
	got := good(t, `
  - on: "*"
    also: {delay: 1s, network: {drip: 2KB/s}}
  - on: onsmqtt.ApplyToken
    per: params.InstanceId
    for: 10m
    script:
      - {fail: InvalidParameter.%s, fill: Actions, message: "%s, {{left}}", headers: {x-a: b}, delay: 500ms}
      - choose:
          - {weight: 0.0001, fail: Throttling.User}
          - {weight: 10000, respond: {status: 503, body: '{"Code":"Own","X":{{ param "InstanceId" | json }}}', offSpec: true}}
    then: {state.x: y}
`, `
- {call: onsmqtt.ApplyToken, params: {InstanceId: i}}
- {at: 90s, call: onsmqtt.ApplyToken, params: {InstanceId: i}}
- {at: 10m, call: onsmqtt.ApplyToken, params: {InstanceId: i}}
`)
	choice := 1
	decision := func(step, left int) *trial.Decision {
		return &trial.Decision{
			Rule: 1, Step: step, Per: "params.InstanceId", Key: "i", States: map[string]string{"x": "y"}, LeftSeconds: int64(left),
		}
	}
	chosen := decision(1, 510)
	chosen.Choice = &choice
	want := []trial.Call{
		{
			Entry: 1, Line: 2, Time: 1, At: start, Operation: "onsmqtt.ApplyToken", Decision: decision(0, 600),
			Outcome: "InvalidParameter.Actions", Status: 400, Message: "Actions, 600", Headers: map[string]string{"X-A": "b"},
			DelayMillis: 1500, Network: "drip", BytesPerSecond: 2048, Also: []int{0}, Misses: []trial.Miss{},
		},
		{
			Entry: 2, Line: 3, Time: 1, At: start.Add(90 * time.Second), AtSeconds: 90, Operation: "onsmqtt.ApplyToken",
			Decision: chosen, Outcome: "Own", Status: 503, Body: `{"Code":"Own","X":"i"}`,
			Headers:     map[string]string{"Content-Type": "application/json;charset=utf-8"},
			DelayMillis: 1000, Network: "drip", BytesPerSecond: 2048, Also: []int{0}, Misses: []trial.Miss{},
		},
		{
			Entry: 3, Line: 4, Time: 1, At: start.Add(10 * time.Minute), AtSeconds: 600, Operation: "onsmqtt.ApplyToken",
			Outcome: "ok", Status: 200, DelayMillis: 1000, Network: "drip", BytesPerSecond: 2048, Also: []int{0},
			Misses: []trial.Miss{{Rule: 1, Condition: "for", Expected: "a call before 2030-01-01T00:10:00Z", Got: "one at 2030-01-01T00:10:00Z"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestPhases holds that calls go through the phases as on the data plane: what answers at arrival is the last word, and
// what the checks refuse reaches no later rule.
func TestPhases(t *testing.T) {
	t.Parallel()
	rules := `
  - {on: onsmqtt.*, at: arrival, script: [pass, fail: Throttling.User]}
  - {on: onsmqtt.*, script: [fail: ServiceUnavailable]}
`
	got := good(t, rules, "- {call: onsmqtt.QueryToken, times: 2}\n")
	if text := outcomes(got); text != "ServiceUnavailable by rule 2, step 1; Throttling.User by rule 1, step 2" {
		t.Error(text)
	}
	got = good(t, rules, "- {call: onsmqtt.QueryToken, refused: SignatureDoesNotMatch, times: 2}\n")
	if text := outcomes(got); text != "SignatureDoesNotMatch by rule 1, step 1; Throttling.User by rule 1, step 2" {
		t.Error(text)
	}
	if m := got[0].Misses; got[0].Status != 400 || len(m) != 1 || m[0].Condition != "refused" || m[0].Got != "SignatureDoesNotMatch" {
		t.Errorf("got %+v", got[0])
	}
}

// TestFields holds that conditions find what a call is described with, in a form, inside of JSON and in a body.
func TestFields(t *testing.T) {
	t.Parallel()
	got := good(t, `
  - {on: onsmqtt.*, when: {credential: K, headers.x-a: b, params.InstanceId: "1"}, script: [fail: Throttling.User]}
  - {on: deepvision.*, when: {params.param.product_code: p}, script: [fail: "7"]}
  - {on: ccmessaging.send, at: arrival, when: {params.controlType: CHAT}, script: [pass]}
  - {on: ccmessaging.send, when: {params.controlType: CHAT}, script: [fail: "401"]}
`, `
- {call: onsmqtt.ApplyToken, credential: K, headers: {X-A: b}, params: {InstanceId: 1}}
- {call: onsmqtt.ApplyToken, credential: L, headers: {X-A: b}, params: {InstanceId: 1}}
- {call: deepvision.SecurityTokenGet, params: {param: {product_code: p}}}
- {call: deepvision.SecurityTokenGet, params: {param: '{"product_code":"p"}'}}
- {call: ccmessaging.send, params: {controlType: CHAT}}
- {call: ccmessaging.send, params: {controlType: CONNECT}}
`)
	want := "Throttling.User by rule 1, step 1; ok by none; 7 by rule 2, step 1; 7 by rule 2, step 1; 401 by rule 4, step 1; ok by none"
	if text := outcomes(got); text != want {
		t.Error(text)
	}
	if m := got[5].Misses; len(m) != 2 {
		t.Errorf("the misses of both phases: %+v", m)
	}
}

// TestSeed holds that the same seed draws the same and another one something else.
func TestSeed(t *testing.T) {
	t.Parallel()
	rules, calls := "  - {on: onsmqtt.*, chance: 0.5, script: [fail: Throttling.User]}\n", "- {call: onsmqtt.ApplyToken, times: 60}\n"
	var texts []string
	for _, seed := range []uint64{1, 1, 2} {
		result, err := run(t, seed, rules, calls)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, outcomes(result.Calls))
	}
	if texts[0] != texts[1] || texts[0] == texts[2] {
		t.Errorf("got %q", texts)
	}
}

// TestExpectations finds each kind of difference.
func TestExpectations(t *testing.T) {
	t.Parallel()
	result, err := run(t, 7, "  - {on: deepvision.*, script: [{fail: accesscontrol.limited-by-app-access-count, delay: 1s, network: reset}]}\n", `
- {call: deepvision.SecurityTokenGet, expect: {outcome: "7", status: 201, rule: 1, step: 2, message: m, detail: d, delay: 2s, network: close}}
- {call: deepvision.SecurityTokenGet, expect: {outcome: accesscontrol.limited-by-app-access-count, status: 200, rule: 1, step: 1, delay: 1s, network: reset}}
- {call: onsmqtt.ApplyToken, expect: {rule: 1, network: reset}}
- {call: onsmqtt.ApplyToken, expect: {outcome: ok, network: none, delay: 0s}}
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, call := range result.Calls {
		for _, d := range call.Differences {
			got = append(got, d.String())
		}
	}
	want := []string{
		"the outcome must be 7, got accesscontrol.limited-by-app-access-count", "the status must be 201, got 200",
		"the step must be rule 1, step 2, got rule 1, step 1", "the message must be m, got App Call Limited",
		"the detail must be d, got This ban will last for 1 more seconds",
		"the delay must be 2s, got 1s", "the network must be close, got reset",
		"the step must be rule 1, got none", "the network must be reset, got none",
	}
	if diff := cmp.Diff(want, got); diff != "" || result.Failed != 2 {
		t.Errorf("%d failed (-want +got)\n%s", result.Failed, diff)
	}
}

// TestClockGoesOn refuses calls that come before the one above them.
func TestClockGoesOn(t *testing.T) {
	t.Parallel()
	rules := "  - {on: '*', script: [pass]}\n"
	_, err := run(t, 7, rules, "- {at: 30s, call: onsmqtt.ApplyToken}\n- {at: 10s, call: onsmqtt.ApplyToken}\n")
	if err == nil || !strings.Contains(err.Error(), "line 2: the call comes at 2030-01-01T00:00:10Z, before the one above it") {
		t.Errorf("got %v", err)
	}
	_, err = run(t, 7, rules, "- {at: 2029-12-31T00:00:00Z, call: onsmqtt.ApplyToken}\n")
	if err == nil || !strings.Contains(err.Error(), "line 1: ") {
		t.Errorf("got %v", err)
	}
	got := good(t, rules, "- {at: 30s, call: onsmqtt.ApplyToken}\n- call: onsmqtt.ApplyToken\n- {at: 2030-01-01T01:00:00Z, call: onsmqtt.ApplyToken}\n")
	if got[1].AtSeconds != 30 || got[2].AtSeconds != 3600 {
		t.Errorf("got %+v", got)
	}
}

// TestBrokenReply tells what is wrong with a reply that cannot be sent.
func TestBrokenReply(t *testing.T) {
	t.Parallel()
	got := good(t, `
  - on: onsmqtt.QueryToken
    script: [respond: {body: '{"RequestId":{{ json (param "InstanceId") }},"TokenStatus":{{ if eq (param "InstanceId") "a" }}1{{ else }}true{{ end }}}'}]
`, "- {call: onsmqtt.QueryToken, params: {InstanceId: a}}\n- {call: onsmqtt.QueryToken, params: {InstanceId: b}}\n")
	if got[0].Outcome != "internal" || got[0].Status != 500 || !strings.Contains(got[0].Message, "TokenStatus") || got[1].Outcome != "respond" {
		t.Errorf("got %+v", got)
	}
}
