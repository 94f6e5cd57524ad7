package client

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Claim is what a test claims about the calls of a sandbox.
type Claim = controlapi.Claim

// ClaimCondition is one thing that a call must have.
type ClaimCondition = controlapi.ClaimCondition

// Judgement is what the server knows of a claim.
type Judgement = controlapi.Judgement

// Judge asks whether a claim about the calls of a sandbox holds, and why not.
func (c *Client) Judge(ctx context.Context, id string, claim Claim) (Judgement, error) {
	return call[Judgement](ctx, c, http.MethodPost, sandboxPath(id, "claims"), claim)
}

// Expectation is a claim about the calls that a sandbox got. Methods that return an Expectation narrow it down to some
// of the calls, in any order; one of Once, Times, AtLeast, Never and Outcomes then ends it, fails the test when the
// claim does not hold, and returns the calls that it is about, the oldest first. In expected values "*" stands for any
// text. A claim about a name that does not exist fails, and so does one that nothing ended, when its test ends.
//
// Where the journal dropped some of the calls, a claim about their number is decided by what the coverage counts, if
// that is enough, and returns those that the journal kept. Any other claim that depends on what was dropped fails and
// says so.
type Expectation struct {
	t      T
	box    *Box
	claim  Claim
	within time.Duration
	opened *openClaims
	number int // among those opened
	goesOn bool
}

// Expect begins a claim about the calls of an operation, such as "onsmqtt.ApplyToken" or "onsmqtt.*". Where it does not
// hold the test ends there.
func (b *Box) Expect(t T, operation string) Expectation {
	t.Helper()
	return open(Expectation{t: t, box: b}, operation)
}

// Check is Expect for a test that goes on when the claim does not hold, so that several which do not are reported
// together. What it returns may then be fewer or more calls than were claimed; Once returns the zero Entry where there
// is none.
func (b *Box) Check(t T, operation string) Expectation {
	t.Helper()
	return open(Expectation{t: t, box: b, goesOn: true}, operation)
}

// open begins a claim, which its test must see ended.
func open(x Expectation, operation string) Expectation {
	t := x.t
	t.Helper()
	x.opened = &openClaims{}
	x.claim = Claim{Operation: operation, Since: x.box.made}
	t.Cleanup(func() { x.opened.check(t) })
	return x.follow()
}

// narrow returns the claim with one more thing that calls must have; the one before stays as it was.
func (x Expectation) narrow(of controlapi.ClaimPart, name, value string) Expectation {
	x.claim.Where = append(slices.Clip(x.claim.Where), ClaimCondition{Of: of, Name: name, Value: value})
	return x.follow()
}

// Param narrows down to calls with a parameter of that value, wherever it stands: in the query, a form, or a JSON body,
// where dots lead inwards ("content.text").
func (x Expectation) Param(name, value string) Expectation {
	return x.narrow(controlapi.ClaimPartParameter, name, value)
}

// Topic narrows down to MQTT packets about a topic within that filter: "+" stands for one level, "#" for all below.
func (x Expectation) Topic(filter string) Expectation {
	return x.narrow(controlapi.ClaimPartTopic, "", filter)
}

// MQTTClient narrows down to MQTT packets of the client with that client id.
func (x Expectation) MQTTClient(clientID string) Expectation { return x.Param("ClientId", clientID) }

// Header narrows down to calls with a header of that value.
func (x Expectation) Header(name, value string) Expectation {
	return x.narrow(controlapi.ClaimPartHeader, name, value)
}

// Outcome narrows down to calls that ended so: "ok", or the provider's code.
func (x Expectation) Outcome(outcome string) Expectation {
	return x.narrow(controlapi.ClaimPartOutcome, "", outcome)
}

// Credential narrows down to calls that named themselves by that AccessKey ID or app key.
func (x Expectation) Credential(id string) Expectation {
	return x.narrow(controlapi.ClaimPartCredential, "", id)
}

// Delivery narrows down to calls whose reply was delivered so.
func (x Expectation) Delivery(state DeliveryState) Expectation {
	return x.narrow(controlapi.ClaimPartDelivery, "", string(state))
}

// Within gives apps that call in the background that long, in real time, until the claim must hold. Never then watches
// for the whole time.
func (x Expectation) Within(limit time.Duration) Expectation {
	x.within = limit
	return x.follow()
}

// Once claims that one call came.
func (x Expectation) Once() Entry {
	x.t.Helper()
	x.claim.Want = controlapi.ClaimWantOnce
	return first(x.end())
}

// Times claims that exactly n calls came.
func (x Expectation) Times(n int) []Entry {
	x.t.Helper()
	x.claim.Want, x.claim.Calls = controlapi.ClaimWantTimes, n
	return x.end()
}

// AtLeast claims that n calls or more came.
func (x Expectation) AtLeast(n int) []Entry {
	x.t.Helper()
	x.claim.Want, x.claim.Calls = controlapi.ClaimWantAtLeast, n
	return x.end()
}

// Never claims that no call came.
func (x Expectation) Never() {
	x.t.Helper()
	x.claim.Want = controlapi.ClaimWantNever
	x.end()
}

// Outcomes claims that the calls ended so, in this order, and that there were no others.
func (x Expectation) Outcomes(outcomes ...string) []Entry {
	x.t.Helper()
	x.claim.Want, x.claim.Outcomes = controlapi.ClaimWantOutcomes, outcomes
	return x.end()
}

// maxWait is how long the server waits for a claim at most.
const maxWait = 10 * time.Second

// end asks the server until the claim is decided or its time is over, and fails the test when it does not hold.
func (x Expectation) end() []Entry {
	x.t.Helper()
	x.opened.end(x.number)
	for left := x.within; ; left -= maxWait {
		x.claim.WithinMillis = int(min(left, maxWait).Milliseconds())
		judged, err := x.box.control.Judge(x.t.Context(), x.box.ID, x.claim)
		if err != nil {
			x.t.Fatalf("%s (%s): %v", x, describe(x.box.ID, x.box.Seed), err)
		}
		if judged.Decided || left <= maxWait {
			if judged.Report != "" {
				x.fail(judged.Report)
			}
			return judged.Requests
		}
	}
}

// fail fails the test, which goes on if it may.
func (x Expectation) fail(report string) {
	x.t.Helper()
	if x.goesOn {
		x.t.Errorf("%s", report)
		return
	}
	x.t.Fatalf("%s", report)
}

// String says which calls an Expectation is about.
func (x Expectation) String() string {
	text := x.claim.Operation
	for i, w := range x.claim.Where {
		label := string(w.Of)
		switch w.Of {
		case controlapi.ClaimPartParameter:
			label = w.Name
		case controlapi.ClaimPartHeader:
			label += " " + w.Name
		default:
		}
		text += []string{" with ", ", "}[min(i, 1)] + fmt.Sprintf("%s %q", label, w.Value)
	}
	return text
}
