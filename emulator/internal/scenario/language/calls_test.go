package language_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

// tried is the scenario that the calls of these tests are for.
const tried = `name: a
rules:
  - on: onsmqtt.ApplyToken
    script:
      - respond: {body: '{"Token": "{{ param "Format" }}"}', offSpec: true}
      - fail: Throttling.User
`

func callsOf(t testing.TB, source string) ([]scenario.DescribedCall, scenario.Problems) {
	t.Helper()
	s, problems := language.Decode([]byte(tried), builtin(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return language.DecodeCalls([]byte(source), s, builtin(t))
}

func TestDecodeCalls(t *testing.T) {
	t.Parallel()
	got, problems := callsOf(t, `
- call: onsmqtt.ApplyToken
- at: 1d1h
  call: deepvision.SecurityTokenGet
  params: {param: {product_code: x, list: [1, 2.5, true, null, "3"]}}
  headers: {X-A: "1"}
  credential: app
  times: 3
  refused: "25"
  expect: "25"
- at: 2030-01-31T00:00:00+08:00
  call: onsmqtt.ApplyToken
  params: {Format: XML}
  expect: {outcome: ok, status: 200, rule: 1, step: 2, message: m, detail: d, delay: 0s, network: none}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var zero time.Duration
	var none scenario.Network
	want := []scenario.DescribedCall{
		{Line: 2, Unset: true, Operation: operationOf(t, "onsmqtt.ApplyToken"), Times: 1},
		{
			Line: 3, At: 25 * time.Hour, Operation: operationOf(t, "deepvision.SecurityTokenGet"), Times: 3,
			Params: map[string]any{"param": map[string]any{
				"product_code": "x", "list": []any{int64(1), 2.5, true, nil, "3"},
			}},
			Headers: map[string]string{"X-A": "1"}, Credential: "app", Refused: "25",
			Expect: &scenario.Expectation{Outcome: "25"},
		},
		{
			Line: 11, Instant: time.Date(2030, 1, 30, 16, 0, 0, 0, time.UTC), Operation: operationOf(t, "onsmqtt.ApplyToken"),
			Times: 1, Params: map[string]any{"Format": "XML"},
			Expect: &scenario.Expectation{
				Outcome: "ok", Status: 200, Rule: 1, Step: 2, Message: "m", Detail: "d", Delay: &zero, Network: &none,
			},
		},
	}
	same := cmp.Comparer(func(a, b *contract.Operation) bool { return a == b })
	if diff := cmp.Diff(want, got, same, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func operationOf(t *testing.T, name string) *contract.Operation {
	t.Helper()
	found := scenario.OperationsOn(name, builtin(t))
	if len(found) != 1 {
		t.Fatalf("%d operations are named %s", len(found), name)
	}
	return found[0]
}

func TestProblemsOfCalls(t *testing.T) {
	t.Parallel()
	const apply = "call: onsmqtt.ApplyToken"
	for source, want := range map[string]string{
		"":                             "1:1: the document is empty; it needs a list of calls",
		"call: x":                      `1:1: "calls" must be a list, not a mapping`,
		"[]":                           `1:1: "calls" has 0 entries, at least 1 are needed`,
		"- {" + apply + "}\n---\n- b":  `3:1: a second document begins here; a file holds one list of calls`,
		"- {at: 0s}":                   `1:3: a call needs the key "call"`,
		"- {" + apply + ", parms: {}}": `1:30: unknown key "parms" in a call; did you mean "params"?`,
		"- {call: ApplyToken}":         `1:10: no operation is named "ApplyToken"; did you mean "onsmqtt.ApplyToken"?`,
		"- {call: onsmqtt.*}":          `1:10: "onsmqtt.*" stands for several operations; a call is of one`,
		"- {" + apply + ", params: {InstanceID: 1}}": `1:39: onsmqtt.ApplyToken has no parameter "InstanceID", and the scenario ` +
			`reads none of that name; did you mean "InstanceId"?`,
		"- {" + apply + ", params: {Resources: {a: 1, a: 2}}}": `1:57: the key "a" appears twice`,
		"- {" + apply + ", headers: {'a b': 1}}":               `1:40: "a b" is not a header name`,
		"- {" + apply + ", at: noon}": `1:34: "at" must be a time since the start such as 0s or 1h30m, or a time such as ` +
			`2030-01-31T00:00:00Z, not "noon"`,
		"- {" + apply + ", at: -1s}": `1:34: "at" must be a time since the start such as 0s or 1h30m, or a time such as ` +
			`2030-01-31T00:00:00Z, not "-1s"`,
		"- {" + apply + ", times: 0}":      `1:37: "times" must be at least 1, not 0`,
		"- {" + apply + ", refused: Nope}": `1:39: "Nope" is not a documented error of onsmqtt.ApplyToken`,
		"- {" + apply + ", expect: Throttling.Usr}": `1:38: "Throttling.Usr" is not an outcome of onsmqtt.ApplyToken: neither ` +
			`ok, respond nor a documented error; did you mean "Throttling.User"?`,
		"- {" + apply + ", expect: {rule: 2}}":               `1:45: no rule has the number 2: the last one is 1`,
		"- {" + apply + ", expect: {step: 2}}":               `1:45: "step" has no meaning without "rule"`,
		"- {" + apply + ", expect: {}}":                      `1:38: an expectation needs one of outcome, status, rule, step, message, detail, delay, network`,
		"- {" + apply + ", expect: {network: rst}}":          `1:48: "network" must be one of none, reset, close, truncate, stall, drip, late, not "rst"; did you mean "reset"?`,
		"- {" + apply + ", times: 10000}\n- {" + apply + "}": `2:3: the document describes more than 10000 calls`,
	} {
		calls, problems := callsOf(t, source)
		if got := problems.Error(); got != want && !strings.HasPrefix(got, want+"\n") {
			t.Errorf("%s\ngot  %s\nwant %s", source, got, want)
		}
		if calls != nil {
			t.Errorf("%s: calls in spite of the problems", source)
		}
	}
}

// FuzzDecodeCalls holds that whatever stands in a document is either read or explained.
func FuzzDecodeCalls(f *testing.F) {
	f.Add("- call: onsmqtt.ApplyToken\n  params: {InstanceId: a}\n  expect: {outcome: ok, rule: 1}\n")
	f.Add("- {call: deepvision.SecurityTokenGet, params: {param: &a [*a, {b: [1]}]}, at: 1d, times: 2}")
	f.Fuzz(func(t *testing.T, source string) {
		calls, problems := callsOf(t, source)
		if (calls == nil) == (len(problems) == 0) {
			t.Errorf("%d calls and %d problems", len(calls), len(problems))
		}
		for _, c := range calls {
			if c.Operation == nil || c.Times < 1 {
				t.Errorf("a call without operation or times: %+v", c)
			}
		}
	})
}
