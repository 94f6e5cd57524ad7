package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
)

// tryRules has a rule that lets calls go on, for misses, and one that decides.
const tryRules = `name: tried
summary: Two fail, then all is well.
rules:
  - on: onsmqtt.ApplyToken
    when: {params.InstanceId: post-x}
    script: [fail: InternalError]
  - on: onsmqtt.ApplyToken
    per: credential
    for: 1m
    script:
      - {fail: ApplyTokenOverFlow, times: 2}
      - {delay: 2s, network: drip}
    then: {state.seen: "yes"}
`

func TestScenariosTry(t *testing.T) {
	t.Parallel()
	rules := file(t, "rules.yaml", tryRules)
	calls := file(t, "calls.yaml", `
- {call: onsmqtt.ApplyToken, credential: K, times: 2, expect: ApplyTokenOverFlow}
- {at: 30s, call: onsmqtt.ApplyToken, credential: K, expect: {outcome: ok, delay: 2s}}
`)
	got := run(t, nil, "scenarios", "try", rules, "--calls", calls)
	want := `CALL  TIMES  AT   OPERATION           TAKEN BY                                                        OUTCOME             STATUS  DELAY  NETWORK
1     2      0s   onsmqtt.ApplyToken  rule 2, step 1; credential K; state seen is yes; 1m0s left      ApplyTokenOverFlow  400     -      -
2     1      30s  onsmqtt.ApplyToken  rule 2, step 2; credential K; state seen is yes; 30s left       ok                  200     2s     drip

Why rules did not take a call:
  call 1, rule 1, when params.InstanceId: expected a glob post-x, got nothing
  call 2, rule 1, when params.InstanceId: expected a glob post-x, got nothing
`
	if strings.Join(strings.Fields(got.out), " ") != strings.Join(strings.Fields(want), " ") || got.code != 0 || got.err != "" {
		t.Errorf("got %+v", got)
	}
}

func TestScenariosTryFails(t *testing.T) {
	t.Parallel()
	rules := file(t, "rules.yaml", tryRules)
	calls := file(t, "calls.yaml", "- {call: onsmqtt.ApplyToken, times: 3, expect: ApplyTokenOverFlow}\n")
	got := run(t, nil, "scenarios", "try", rules, "--calls", calls)
	if got.code != 1 || got.err != "tokenstage: 1 call of 3 not as expected\n" ||
		!strings.Contains(got.out, "\nNot as expected:\n  "+calls+":1: call 1: the outcome must be ApplyTokenOverFlow, got ok\n") {
		t.Errorf("got %+v", got)
	}
	got = run(t, nil, "scenarios", "try", rules, "--calls", calls, "--json")
	var tried emulator.Trial
	if err := json.Unmarshal([]byte(got.out), &tried); err != nil {
		t.Fatal(err)
	}
	if got.code != 1 || tried.Failed != 1 || len(tried.Calls) != 3 || tried.Calls[2].Decision.Step != 1 || tried.Seed == 0 {
		t.Errorf("got %+v", got)
	}
}

func TestScenariosTryRefusesBadFiles(t *testing.T) {
	t.Parallel()
	good, calls := file(t, "good.yaml", tryRules), file(t, "calls.yaml", "- {call: onsmqtt.ApplyToken}\n")
	bad, badCalls := file(t, "bad.yaml", slip), file(t, "bad-calls.yaml", "- {call: onsmqtt.ApplyTokn, tims: 1}\n")
	for _, test := range []struct{ rules, calls, out, err string }{
		{
			good, badCalls, badCalls + `:1:10: no operation is named "onsmqtt.ApplyTokn" (did you mean "onsmqtt.ApplyToken"?)` +
				"\n" + badCalls + `:1:29: unknown key "tims" in a call (did you mean "times"?)` + "\n", "2 problems found",
		},
		{
			bad, calls, "", bad + `:3:9: no operation is named "ccmessaging.tokenByAkSK" (did you mean "ccmessaging.tokenByAkSk"?)`,
		},
		{good, "none.yaml", "", "no such file: none.yaml"},
	} {
		got := run(t, nil, "scenarios", "try", test.rules, "--calls", test.calls)
		if got.code != 1 || got.out != test.out || got.err != "tokenstage: "+test.err+"\n" {
			t.Errorf("got %+v, want %+v", got, test)
		}
	}
	got := run(t, nil, "scenarios", "try", good, "--calls", badCalls, "--json")
	var problems struct {
		Problems []struct{ File, Meant string }
	}
	if err := json.Unmarshal([]byte(got.out), &problems); err != nil || len(problems.Problems) != 2 || problems.Problems[1].Meant != "times" {
		t.Errorf("%v: %+v", err, got)
	}
	for _, args := range [][]string{{good}, {good, "--calls", calls, "--start", "noon"}} {
		if got := run(t, nil, append([]string{"scenarios", "try"}, args...)...); got.code != 2 {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// TestScenariosTrySeedAndStart draws from another seed, and moves the clock.
func TestScenariosTrySeedAndStart(t *testing.T) {
	t.Parallel()
	rules := file(t, "rules.yaml", "name: a\nrules:\n  - {on: '*', when: {now: {between: ['10:00', '11:00']}}, chance: 0.5, script: [network: reset]}\n")
	calls := file(t, "calls.yaml", "- {call: onsmqtt.ApplyToken, times: 40}\n")
	seen := map[string]bool{}
	for _, args := range [][]string{
		{"--start", "2030-01-01T10:00:00Z"}, {"--start", "2030-01-01T10:00:00Z", "--seed", "5"}, {},
	} {
		got := run(t, nil, append([]string{"scenarios", "try", rules, "--calls", calls}, args...)...)
		if got.code != 0 || strings.Contains(got.out, "reset") != (len(args) > 0) {
			t.Errorf("%q: %+v", args, got)
		}
		seen[got.out] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d outputs", len(seen))
	}
}

func TestScenariosExplain(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	path := file(t, "rules.yaml", tryRules)
	for _, what := range []string{path, "mqtt-throttled-then-fine", "error/onsmqtt.ApplyToken/ApplyTokenOverFlow"} {
		got := s.run(t, "scenarios", "explain", what)
		if got.code != 0 || !strings.Contains(got.out, "\nRule 1") || !strings.Contains(got.out, " call") {
			t.Errorf("got %+v", got)
		}
		var explained explain.Explanation
		s.decode(t, &explained, "scenarios", "explain", what, "--json")
		if explained.Text() != got.out {
			t.Errorf("--json says %+v, the text %s", explained, got.out)
		}
	}
	bad := file(t, "bad.yaml", slip)
	if got := s.run(t, "scenarios", "explain", bad); got.code != 1 || !strings.HasPrefix(got.err, "tokenstage: "+bad+":3:9: no operation") {
		t.Errorf("got %+v", got)
	}
	if got := s.run(t, "scenarios", "explain", "mqtt-throtled-then-fine"); got.code != 1 || !strings.Contains(got.err, `did you mean "mqtt-throttled-then-fine"?`) {
		t.Errorf("got %+v", got)
	}
}

func TestScenariosPlaying(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	s.run(t, "play", file(t, "states.yaml", `name: states
rules:
  - on: ccmessaging.tokenByAkSk
    per: params.app_key
    script: [fail: "500", pass]
    then: {state.phase: {value: slow, for: 2d}}
`), "--sandbox", box.ID)
	s.run(t, "clock", "freeze", "--sandbox", box.ID)
	app := box.Credentials.Fabric[0]
	s.issue(t, app, app.AppSecret)
	got := s.run(t, "scenarios", "playing", "--sandbox", box.ID)
	want := "states\n  rule 1 on ccmessaging.tokenByAkSk took 1 call: each params.app_key stands on its own\n  params.app_key " + app.AppKey +
		"\n    state phase is \"slow\", for 48h0m0s more\n    rule 1 took 1 call: the next gets step 2, which had 0\nmagic-values, on by default\n"
	if got.code != 0 || !strings.HasPrefix(got.out, want) {
		t.Errorf("got %+v", got)
	}
	var listed struct {
		Scenarios []struct {
			Name string
			Keys []struct{ Value string }
		}
	}
	s.decode(t, &listed, "scenarios", "playing", "--sandbox", box.ID, "--json")
	if len(listed.Scenarios) != 2 || len(listed.Scenarios[0].Keys) != 1 || listed.Scenarios[0].Keys[0].Value != app.AppKey {
		t.Errorf("got %+v", listed)
	}
	detail := s.run(t, "requests", "--verbose", "--sandbox", box.ID)
	if !strings.Contains(detail.out, "scenario    states, rule 1, step 1; params.app_key "+app.AppKey+"; state phase is slow\n") {
		t.Errorf("no decision in:\n%s", detail.out)
	}
	if got := s.run(t, "scenarios", "playing", "--sandbox", "none"); got.code != 1 || !strings.Contains(got.err, "no such sandbox") {
		t.Errorf("got %+v", got)
	}
}

// TestScenariosPageShowsWhatIsPrinted runs the commands of docs/scenarios.md whose output it shows.
func TestScenariosPageShowsWhatIsPrinted(t *testing.T) {
	page, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := func(language string) []string {
		var all []string
		for _, text := range strings.Split(string(page), "\n```"+language+"\n")[1:] {
			block, _, _ := strings.Cut(text, "```\n")
			all = append(all, block)
		}
		return all
	}
	t.Chdir(t.TempDir())
	yaml, text := blocks("yaml"), blocks("text")
	write(t, "slow-down.yaml", yaml[0])
	write(t, "calls.yaml", yaml[1])
	for i, args := range [][]string{{"explain", "slow-down.yaml"}, {"try", "slow-down.yaml", "--calls", "calls.yaml"}} {
		command := "tokenstage scenarios " + strings.Join(args, " ")
		if !strings.Contains(string(page), "\n"+command+"\n") {
			t.Errorf("the page does not say %s", command)
		}
		if got := run(t, nil, append([]string{"scenarios"}, args...)...); got.code != 0 || got.out != text[i] {
			t.Errorf("%s prints\n%s\nthe page says\n%s", command, got.out, text[i])
		}
	}
}
