package client_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// refused is a scenario of the test's own.
const refused = `
name: refused
summary: Nobody gets an access token.
rules:
  - on: ccmessaging.tokenByAkSk
    script: [fail: "403"]
`

func TestScenariosOfABox(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Script("refused", refused))
	call := func() { authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "") }
	plays := func(name string) bool {
		return slices.ContainsFunc(box.Playing(), func(p client.Playing) bool { return p.Name == name })
	}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"from the start", func() {}, "403"},
		{"stopped", func() { box.Stop("refused") }, "ok"},
		{"reset brings back what was there at the start", box.Reset, "403"},
		{"stopped again", func() { box.Stop("refused") }, "ok"},
		{"played again", func() { box.Script("refused", refused) }, "403"},
	}
	for _, step := range steps {
		step.do()
		if got := plays("refused"); got != (step.want != "ok") {
			t.Errorf("%s: playing is %v", step.name, got)
		}
		box.Clear()
		call()
		box.Expect(t, operation).Outcomes(step.want)
	}
	box.Play("error/ccmessaging.tokenByAkSk/403")
}

// What plays is told with its cursors, and as it was sent.
func TestCursorsOfABox(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Script("refused", refused))
	authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	playing := box.Playing()[0]
	want := []controlapi.PlayingRule{{On: operation, Taken: 1, Position: 1}}
	if playing.Summary != "Nobody gets an access token." || playing.Default || !slices.Equal(playing.Rules, want) {
		t.Errorf("%+v", playing)
	}
	if !strings.Contains(string(playing.Status), `"taken":1`) {
		t.Errorf("sent as %s", playing.Status)
	}
}

// A sandbox is made with scenarios of both kinds: by name, and as documents.
func TestSandboxesBeginWithScenarios(t *testing.T) {
	t.Parallel()
	control := inprocess.Start(t).Control()
	box, err := control.CreateSandbox(t.Context(), client.Definition{Scenarios: []json.RawMessage{
		json.RawMessage(`"hostile-day"`), json.RawMessage(`{"name":"mine","rules":[{"on":"*","script":["pass"]}]}`),
	}})
	if err != nil || !slices.Equal(box.Scenarios, []string{"hostile-day", "mine"}) {
		t.Errorf("%q, %v", box.Scenarios, err)
	}
}

func TestKnownScenarios(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	known, err := em.Control().Scenarios(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const generated = "error/onsmqtt.ApplyToken/ApplyTokenOverFlow"
	if !slices.ContainsFunc(known, func(s client.ScenarioInfo) bool { return s.Name == generated && s.Summary != "" }) {
		t.Errorf("%d scenarios, and %s is not among them", len(known), generated)
	}
}

// TestPlayingReadsWell holds that whoever prints what plays sees where it stands.
func TestPlayingReadsWell(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Script("busy", `{name: busy, rules: [
		{on: ccmessaging.tokenByAkSk, script: [{fail: "403", times: 2}, pass]},
		{on: ccmessaging.applyToken, quota: {rate: 5/m, over: {fail: "401"}}},
		{on: ccmessaging.send, script: [{fail: "401"}], end: release},
		{on: "*", also: {delay: 1ms}}, {on: ccmessaging.tokenByAkSk, per: params.app_key, also: {delay: 1ms}}]}`))
	authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	const want = `busy
  rule 1 on ccmessaging.tokenByAkSk took 1 call: the next gets step 1, which had 1
  rule 2 on ccmessaging.applyToken took 0 calls: 5 left of its quota
  rule 3 on ccmessaging.send took 0 calls: the next gets step 1, which had 0
  rule 4 on * took 0 calls: it adds its effects and decides nothing
  rule 5 on ccmessaging.tokenByAkSk took 0 calls: each params.app_key stands on its own`
	list := box.Playing()
	if got := fmt.Sprint(list[0]); got != want {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(list[len(list)-1]); !strings.HasPrefix(got, "magic-values, on by default\n") {
		t.Errorf("got %s", got)
	}
	if list[0].Rules[0].Taken != 1 || !strings.Contains(string(list[0].Status), `"taken"`) {
		t.Errorf("got %+v", list[0].Rules)
	}
}

// TestPlayingTellsStatesAndWindows holds that windows, states and the values of fields are told, by the sandbox's clock.
func TestPlayingTellsStatesAndWindows(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Script("windows", `{name: windows, rules: [
		{on: ccmessaging.tokenByAkSk, for: 30s, per: params.app_key, script: [{fail: "403", times: 2}, {fail: "500"}],
		  then: {state.phase: {value: slow, for: 10m}}},
		{on: ccmessaging.tokenByAkSk, until: "00:00", zone: Asia/Shanghai, script: [{fail: "400"}], then: {state.over: "yes"}}]}`))
	box.Freeze()
	box.Set(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	key := box.Fabric.AppKey
	authorize(t, em, key, box.Fabric.AppSecret, "")
	box.Advance(40 * time.Second)
	authorize(t, em, key, box.Fabric.AppSecret, "")
	want := `windows
  rule 1 on ccmessaging.tokenByAkSk took 1 call: each params.app_key stands on its own
  rule 2 on ccmessaging.tokenByAkSk took 1 call: the next gets step 1, which had 1, for 15h59m20s more
  state over is "yes"
  params.app_key ` + key + `
    state phase is "slow", for 9m20s more
    rule 1 took 1 call: it takes no more, over since 2030-01-01T00:00:30Z`
	if got := fmt.Sprint(box.Playing()[0]); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
