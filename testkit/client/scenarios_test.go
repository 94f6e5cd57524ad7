package client_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

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
