package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
	"github.com/tokenstage/tokenstage/testkit/internal/exampletest"
)

// newYear is where the clocks of these examples start.
var newYear = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// mqttApp is an app under test that signs its calls (Signature Method V1) by the clock of its sandbox and waits by
// moving that clock.
func mqttApp(em *client.Emulator, box *client.Box) *tokenapp.MQTTTokens {
	return &tokenapp.MQTTTokens{
		Endpoint: em.Addr(), AccessKeyID: box.ACS.AccessKeyID, AccessKeySecret: box.ACS.AccessKeySecret,
		InstanceID: "post-cn-example", Topics: []string{"orders/#"}, Now: box.Now,
		Wait: func(_ context.Context, d time.Duration) error { box.Advance(d); return nil },
	}
}

// A signed call gets an MQTT token: the sandbox knows the key that it is signed with.
func ExampleEmulator_Sandbox() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)

	box := em.Sandbox(t)
	token, err := mqttApp(em, box).Token(t.Context())

	fmt.Println(token != "", err)
	// Output: true <nil>
}

// Sandboxes share a server and nothing else: what came to one is not seen in the other.
func ExampleEmulator_Sandbox_isolated() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)

	busy, idle := em.Sandbox(t), em.Sandbox(t)
	if _, err := mqttApp(em, busy).Token(t.Context()); err != nil {
		t.Fatalf("%v", err)
	}

	fmt.Println(len(busy.Requests(client.Filter{})), len(busy.Tokens()))
	fmt.Println(len(idle.Requests(client.Filter{})), len(idle.Tokens()))
	// Output:
	// 1 1
	// 0 0
}

// A sandbox can play a scenario from its start. This one refuses two calls, and the app tries again until it is given a
// token.
func ExamplePlay() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)

	box := em.Sandbox(t, client.Play("mqtt-throttled-then-fine"))
	_, err := mqttApp(em, box).Token(t.Context())

	fmt.Println(err)
	for _, call := range box.Expect(t, "onsmqtt.ApplyToken").Times(3) {
		fmt.Println(call.Outcome)
	}
	// Output:
	// <nil>
	// ApplyTokenOverFlow
	// ApplyTokenOverFlow
	// ok
}

// A scenario of the test's own is a few lines of YAML.
func ExampleBox_Script() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t)

	box.Script("overloaded", `
name: overloaded
summary: ApplyToken is answered with a fault of the service.
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: SystemOverFlow
`)
	_, err := mqttApp(em, box).Token(t.Context())

	refusal, _ := errors.AsType[*tokenapp.APIError](err)
	fmt.Println(refusal.Code)
	// Output: SystemOverFlow
}

// An hour passes at once. The app sees that its token is about to end, and applies for another.
func ExampleBox_Advance() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.At(newYear), client.Frozen())
	app := mqttApp(em, box)

	first, _ := app.Token(t.Context())
	fmt.Println(box.Advance(time.Hour).Format(time.RFC3339))
	second, _ := app.Token(t.Context())

	fmt.Println("another token:", first != second)
	// Output:
	// 2030-01-01T01:00:00Z
	// another token: true
}

// The tokens of a sandbox are listed without their text.
func ExampleBox_Tokens() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.At(newYear), client.Frozen())
	_, _ = mqttApp(em, box).Token(t.Context())

	for _, token := range box.Tokens() {
		fmt.Println(token.API, token.Operation, token.State, token.ExpiresAt.Sub(box.Now()))
	}
	// Output: onsmqtt ApplyToken active 1h0m0s
}

// A token can be revoked behind the app's back.
func ExampleBox_Revoke() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	_, _ = mqttApp(em, box).Token(t.Context())

	token := box.Revoke(box.Tokens()[0].ID)

	fmt.Println(token.State == client.Revoked)
	// Output: true
}

// The journal has each call as it came, and what was answered.
func ExampleBox_Requests() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	app := mqttApp(em, box)
	app.AccessKeySecret = "wrong"
	_, _ = app.Token(t.Context())

	for _, call := range box.Requests(client.Filter{Operation: "onsmqtt.ApplyToken"}) {
		fmt.Println(call.Request.Method, call.Status, call.Outcome)
		for _, finding := range call.Findings {
			if finding.Level == client.LevelError {
				fmt.Println(finding.Check)
			}
		}
	}
	// Output:
	// POST 400 SignatureDoesNotMatch
	// signature
}

// An app that calls in the background is given time, of which no more passes than it needs.
func ExampleExpectation_Within() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	app := mqttApp(em, box)

	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = app.Token(t.Context())
	}()
	call := box.Expect(t, "onsmqtt.ApplyToken").Within(10 * time.Second).Once()
	<-done

	fmt.Println(call.Outcome)
	// Output: ok
}

// An expectation that does not hold says what came instead, what differs in the nearest call, and the seed that
// repeats the run.
func ExampleBox_Expect() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.ID("orders"), client.Seed(42), client.At(newYear), client.Frozen())
	_, _ = mqttApp(em, box).Token(t.Context())

	box.Expect(t, "onsmqtt.ApplyToken").Param("InstanceId", "post-cn-other").Once()
	// Output:
	// onsmqtt.ApplyToken with InstanceId "post-cn-other": want 1 call, got 0 calls
	//   1 call came to sandbox orders, seed 42:
	//       #1 2030-01-01T00:00:00.000Z onsmqtt.ApplyToken: ok (200)
	//   nearest is #1, which differs in
	//       InstanceId: want "post-cn-other", got "post-cn-example"
}

// The client alone steers a server without a test: each method returns an error.
func ExampleClient_CreateSandbox() {
	t := exampletest.New()
	defer t.End()
	control := client.New(inprocess.Start(t).Control().URL()) // or "http://127.0.0.1:4011"

	sandbox, err := control.CreateSandbox(t.Context(), client.Definition{ID: "nightly", Now: newYear, Frozen: true})
	if err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Println(sandbox.ID, sandbox.Now.Format(time.DateOnly), len(sandbox.Credentials.ACS))
	// Output: nightly 2030-01-01 1
}

// What the control plane refuses is a *Problem with status and reason.
func ExampleProblem() {
	t := exampletest.New()
	defer t.End()
	control := inprocess.Start(t).Control()

	_, err := control.Sandbox(t.Context(), "unknown")

	if problem, ok := errors.AsType[*client.Problem](err); ok {
		fmt.Println(problem.Status == http.StatusNotFound, problem.Title)
	}
	// Output: true Not Found
}

// Every documented error is a scenario, and so are stories of several calls.
func ExampleClient_Scenarios() {
	t := exampletest.New()
	defer t.End()
	control := inprocess.Start(t).Control()

	scenarios, err := control.Scenarios(t.Context())
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, scenario := range scenarios {
		if scenario.API == "onsmqtt" && !scenario.Generated {
			fmt.Println(scenario.Name)
		}
	}
	// Output:
	// mqtt-daily-quota
	// mqtt-revoked-instance
	// mqtt-throttled-then-fine
	// mqtt-tokens-expire-early
}

// A follower gets what is in the journal, then each call as it comes, until its context ends.
func ExampleClient_Follow() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	_, _ = mqttApp(em, box).Token(t.Context())

	for event, err := range em.Control().Follow(t.Context(), box.ID, client.Filter{}) {
		if err != nil {
			t.Fatalf("%v", err)
		}
		fmt.Println(event.Entry.Operation, event.Entry.Outcome)
		break
	}
	// Output: onsmqtt.ApplyToken ok
}
