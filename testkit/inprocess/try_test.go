package inprocess_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/testkit/inprocess"
	"github.com/tokenstage/tokenstage/testkit/internal/exampletest"
)

// heard is a test that fails in the place of the real one, and keeps what it heard.
type heard struct {
	*testing.T

	errors []string
}

func (h *heard) Errorf(format string, args ...any) {
	h.errors = append(h.errors, fmt.Sprintf(format, args...))
}

// Fatalf ends the function under test, as that of a real test does.
func (h *heard) Fatalf(format string, args ...any) {
	h.Errorf(format, args...)
	panic(h)
}

// try runs TryScenario for files of these texts, and returns what it says with the names of their folder cut off.
func try(t *testing.T, scenario, calls string, options ...inprocess.TryOption) (tried inprocess.Trial, said string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"s.yaml": scenario, "c.yaml": calls, "body.json": `{"Token":"of a file"}`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := &heard{T: t}
	defer func() {
		if ended := recover(); ended != nil && ended != any(h) {
			panic(ended)
		}
		said = strings.ReplaceAll(strings.Join(h.errors, "\n"), folder+string(filepath.Separator), "")
	}()
	return inprocess.TryScenario(h, filepath.Join(folder, "s.yaml"), filepath.Join(folder, "c.yaml"), options...), ""
}

const chancy = `name: mine
rules:
  - {on: onsmqtt.QueryToken, chance: 0.5, script: [fail: Throttling.User]}
  - {on: onsmqtt.ApplyToken, when: {now: {gt: "2031-01-01T00:00:00Z"}}, script: [respond: {bodyFile: body.json, offSpec: true}]}
`

func TestTryScenario(t *testing.T) {
	t.Parallel()
	tried, said := try(t, chancy, "- {call: onsmqtt.QueryToken, times: 50}\n- {call: onsmqtt.ApplyToken, expect: ok}\n")
	if said != "" || len(tried.Calls) != 51 || tried.Failed != 0 {
		t.Errorf("said %q: %+v", said, tried)
	}
	again, _ := try(t, chancy, "- {call: onsmqtt.QueryToken, times: 50}\n", inprocess.TrySeed(tried.Seed))
	other, _ := try(t, chancy, "- {call: onsmqtt.QueryToken, times: 50}\n", inprocess.TrySeed(tried.Seed+1))
	same, differ := true, false
	for i := range again.Calls {
		same = same && again.Calls[i].Outcome == tried.Calls[i].Outcome
		differ = differ || other.Calls[i].Outcome != tried.Calls[i].Outcome
	}
	if !same || !differ {
		t.Errorf("the same seed draws the same: %t, another something else: %t", same, differ)
	}
	later, said := try(t, chancy, "- {call: onsmqtt.ApplyToken, expect: {outcome: respond, rule: 2}}\n",
		inprocess.TryFrom(time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)))
	if said != "" || later.Calls[0].Body != `{"Token":"of a file"}` {
		t.Errorf("said %q: %+v", said, later)
	}
}

func TestTryScenarioFails(t *testing.T) {
	t.Parallel()
	good := "name: mine\nrules:\n  - {on: onsmqtt.*, script: [fail: Throttling.User]}\n"
	for name, c := range map[string]struct{ scenario, calls, says string }{
		"a difference": {
			good, "- call: onsmqtt.ApplyToken\n- {at: 5s, call: onsmqtt.ApplyToken, expect: ok}\n",
			"c.yaml:2: call 2 of onsmqtt.ApplyToken at 2030-01-01T00:00:05Z: the outcome must be ok, got Throttling.User; taken by: rule 1, step 1",
		},
		"a bad scenario": {
			"name: mine\nrules:\n  - {on: onsmqtt.ApplyTokn, script: [pass]}\n", "- call: onsmqtt.ApplyToken\n",
			`s.yaml:3:10: no operation is named "onsmqtt.ApplyTokn"; did you mean "onsmqtt.ApplyToken"?` + "\ns.yaml is not good",
		},
		"bad calls": {
			good, "- cal: onsmqtt.ApplyToken\n", `c.yaml:1:3: unknown key "cal" in a call; did you mean "call"?` + "\n" +
				`c.yaml:1:3: a call needs the key "call"` + "\nc.yaml is not good",
		},
		"a clock that goes back": {
			good, "- {at: 5s, call: onsmqtt.ApplyToken}\n- {at: 1s, call: onsmqtt.ApplyToken}\n",
			"try s.yaml with c.yaml: line 2: the call comes at 2030-01-01T00:00:01Z, before the one above it, at 2030-01-01T00:00:05Z: the clock only goes on",
		},
	} {
		if _, said := try(t, c.scenario, c.calls); said != c.says {
			t.Errorf("%s:\ngot  %s\nwant %s", name, said, c.says)
		}
	}
}

// A scenario of one's own has tests like other code: calls, and what each must come to.
func ExampleTryScenario() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()

	tried := inprocess.TryScenario(t, "testdata/maintenance.yaml", "testdata/maintenance-calls.yaml")
	for _, call := range tried.Calls {
		fmt.Println(call.Operation, call.At.Format(time.Kitchen), call.Outcome, "by", call.TakenBy())
	}
	// Output:
	// onsmqtt.ApplyToken 12:59AM ok by none
	// onsmqtt.ApplyToken 1:00AM ServiceUnavailable by rule 1, step 1
	// onsmqtt.ApplyToken 1:20AM ok by none
}
