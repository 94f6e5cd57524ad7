package play_test

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestFault(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", "script:", "  - pass",
		"  - {fail: InvalidParameter.%s, fill: Actions, message: 'No %s today.'}"))
	b.outcome()
	want := &wire.Fault{
		Kind: wire.Documented, Code: "InvalidParameter.%s", Message: "No Actions today.", Fill: []string{"Actions"},
		Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError,
			Message: "The call failed with InvalidParameter.%s as scripted: scenario a, rule 1, step 2 (line 6).",
		}},
	}
	d := b.decide(b.ask(nil))
	if diff := cmp.Diff(want, d.Fault); diff != "" || d.Step != 1 || d.Scenario != "a" {
		t.Errorf("%+v, fault (-want +got):\n%s", d, diff)
	}
}

// TestFaultWithHeaders adds headers to documented errors, of a script and over a quota.
func TestFaultWithHeaders(t *testing.T) {
	t.Parallel()
	headers := "headers: {x-acs-retry-after: '{{len (param \"InstanceId\")}}00', X-Fixed: a b}"
	want := http.Header{"X-Acs-Retry-After": {"1200"}, "X-Fixed": {"a b"}}
	for name, rule := range map[string]string{
		"script": "script: [{fail: Throttling.User, " + headers + "}]",
		"quota":  "quota: {rate: 1/d, over: {fail: Throttling.User, " + headers + "}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(document("a", rule))
			params := map[string]string{"InstanceId": "post-cn-demo"}
			if name == "quota" {
				b.decide(b.ask(params))
			}
			d := b.decide(b.ask(params))
			if d.Fault == nil || d.Fault.Code != "Throttling.User" {
				t.Fatalf("%+v", d)
			}
			if diff := cmp.Diff(want, d.Fault.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFaultWithABrokenHeader sends a request for which a header cannot be written.
func TestFaultWithABrokenHeader(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", `script: [{fail: Throttling.User, headers: {X-A: '{{param "InstanceId"}}'}}]`))
	d := b.decide(b.ask(map[string]string{"InstanceId": "a\nX-B: c"}))
	if d.Fault == nil || d.Fault.Kind != wire.Internal || !strings.Contains(d.Fault.Findings[0].Message, "control character") {
		t.Errorf("%+v", d)
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		operation, respond string
		want               wire.Reply
	}{
		"to the spec": {
			"onsmqtt.ApplyToken", `body: '{"RequestId":"{{requestId}}","Token":"t"}'`,
			wire.Reply{
				Status: 200, Header: http.Header{"Content-Type": {"text/acs"}},
				Body: []byte(`{"RequestId":"call-1","Token":"t"}`), Outcome: play.OutcomeRespond,
				Value: map[string]any{"RequestId": "call-1", "Token": "t"},
			},
		},
		"headers of its own": {
			"onsmqtt.ApplyToken",
			`status: 503, headers: {content-type: text/html, X-A: '{{requestId}}'}, body: <p>Sorry.</p>, offSpec: true`,
			wire.Reply{
				Status: 503, Header: http.Header{"Content-Type": {"text/html"}, "X-A": {"call-1"}},
				Body: []byte(`<p>Sorry.</p>`), Outcome: play.OutcomeRespond,
			},
		},
		"off the spec": {
			"onsmqtt.ApplyToken", `offSpec: true, body: '{"Token":"{{requestId}}"}'`,
			wire.Reply{
				Status: 200, Header: http.Header{"Content-Type": {"text/acs"}},
				Body: []byte(`{"Token":"call-1"}`), Outcome: play.OutcomeRespond,
			},
		},
		"nothing": {
			"onsmqtt.ApplyToken", `status: 204, offSpec: true`,
			wire.Reply{Status: 204, Header: http.Header{}, Body: []byte{}, Outcome: play.OutcomeRespond},
		},
		"text": {
			"onsmqtt.ApplyToken", `body: busy, offSpec: true`,
			wire.Reply{
				Status: 200, Header: http.Header{"Content-Type": {"text/acs"}},
				Body: []byte("busy"), Outcome: play.OutcomeRespond,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play("name: a\nrules: [{on: " + test.operation + ", script: [{respond: {" + test.respond + "}}]}]\n")
			d := b.decide(b.askFor(test.operation, nil))
			if diff := cmp.Diff(&test.want, d.Reply); diff != "" || d.Fault != nil {
				t.Errorf("fault %v, reply (-want +got):\n%s", d.Fault, diff)
			}
		})
	}
}

// TestGatewayOfReply asks the gateway of each call, and no other, about a scripted reply.
func TestGatewayOfReply(t *testing.T) {
	t.Parallel()
	for operation, content := range map[string]string{
		"onsmqtt.ApplyToken": "text/acs", "deepvision.SecurityTokenGet": "text/top", "ccmessaging.applyToken": "text/fabric",
	} {
		b := newBox(t, newEngine(t))
		b.play("name: a\nrules: [{on: " + operation + ", script: [{respond: {offSpec: true, body: '{\"code\":\"Busy\"}'}}]}]\n")
		d := b.decide(b.askFor(operation, nil))
		if got := d.Reply.Header.Get("Content-Type"); got != content || d.Reply.Outcome != "Busy" {
			t.Errorf("%s: content type %q, want %q; outcome %q, want Busy", operation, got, content, d.Reply.Outcome)
		}
	}
	b := newBox(t, newEngine(t))
	b.play(document("a", "script: [{respond: {offSpec: true, body: busy}}]"))
	in := b.ask(nil)
	in.Call.Gateway = "other"
	d := b.decide(in)
	if d.Fault == nil || !strings.Contains(d.Fault.Findings[0].Message, `the gateway "other" is not known`) {
		t.Errorf("an unknown gateway: %+v", d)
	}
}

// TestBrokenReply plays templates that render well for the example request, and sends a request for which they do not.
func TestBrokenReply(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ respond, instance, want string }{
		"breaks the spec": {
			`body: '{"RequestId":"r","Token":"{{param "InstanceId"}}"}'`, "",
			"The scripted reply cannot be sent: scenario a, rule 1, step 1 (line 4): ",
		},
		"is not JSON": {
			`body: '{"RequestId":"r","Token":"{{param "InstanceId"}}"}'`, `"`,
			"set offSpec: true to send it nevertheless",
		},
		"fails": {
			`offSpec: true, body: '{{add (param "InstanceId") now}}'`, "soon",
			`body: line 1, column 3: error calling add: time: invalid duration "soon"`,
		},
		"breaks out of a header": {
			`offSpec: true, headers: {X-A: '{{param "InstanceId"}}'}`, "a\r\nSet-Cookie: b",
			"header X-A: its value holds a control character",
		},
	}
	for name, test := range tests {
		b := newBox(t, newEngine(t))
		b.play(document("a", "script: [{respond: {"+test.respond+"}}]"))
		d := b.decide(b.ask(map[string]string{"InstanceId": test.instance}))
		if d.Reply != nil || d.Fault == nil || d.Fault.Kind != wire.Internal || !d.Decided {
			t.Errorf("%s: %+v", name, d)
			continue
		}
		if got := d.Fault.Findings[0].Message; !strings.Contains(got, test.want) {
			t.Errorf("%s: finding %q, want it to hold %q", name, got, test.want)
		}
	}
}

func TestChanceDependsOnSeedAndName(t *testing.T) {
	t.Parallel()
	source := document("a", "script: [{fail: InternalError, chance: 0.3}]")
	draw := func(seed uint64, source string) []string {
		b := newBox(t, newEngine(t))
		b.seed = seed
		b.play(source)
		return b.outcomes(2000)
	}
	first := draw(1, source)
	if diff := cmp.Diff(first, draw(1, source)); diff != "" {
		t.Errorf("the same seed draws differently:\n%s", diff)
	}
	if slices.Equal(first, draw(2, source)) {
		t.Error("another seed draws the same")
	}
	if slices.Equal(first, draw(1, strings.Replace(source, "name: a", "name: b", 1))) {
		t.Error("a scenario of another name draws the same")
	}
	failures := 0
	for _, outcome := range first {
		if outcome == failed {
			failures++
		}
	}
	if failures < 540 || failures > 660 { // 600 and three standard deviations
		t.Errorf("%d of 2000 calls failed at a chance of 0.3", failures)
	}
}

// TestHeadersDrawInOrder renders the same headers again and again: all draw from one source of chance, so the random
// order of a map must not decide which header draws first.
func TestHeadersDrawInOrder(t *testing.T) {
	t.Parallel()
	var first http.Header
	for range 10 {
		b := newBox(t, newEngine(t))
		b.play(document("a", "script:", "  - respond: {offSpec: true, headers: {A: '{{hex 8}}', B: '{{hex 8}}', C: '{{hex 8}}'}}"))
		d := b.decide(b.ask(nil))
		if first == nil {
			first = d.Reply.Header
		}
		if diff := cmp.Diff(first, d.Reply.Header); diff != "" {
			t.Fatalf("headers (-first +later):\n%s", diff)
		}
	}
}

func TestStepWhoseChanceFailsIsUsedUp(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", "script:", "  - {fail: InternalError, chance: 0.000001, delay: 1s, network: reset}",
		"  - fail: ApplyTokenOverFlow"))
	d := b.decide(b.ask(nil))
	if !d.Decided || d.Fault != nil || d.Delay != 0 || d.Network != "" {
		t.Errorf("first: %+v", d)
	}
	if got := b.outcome(); got != over {
		t.Errorf("second: %s, want %s", got, over)
	}
}

func TestDrawnDelay(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", "script: [{delay: {median: 100ms, p99: 800ms}}]"))
	const calls = 4000
	var drawn []time.Duration
	in := b.ask(nil)
	for range calls {
		drawn = append(drawn, b.decide(in).Delay)
	}
	slices.Sort(drawn)
	near := func(what string, got, want time.Duration, tolerance float64) {
		if math.Abs(float64(got)/float64(want)-1) > tolerance {
			t.Errorf("%s is %s, want about %s", what, got, want)
		}
	}
	near("median", drawn[calls/2], 100*time.Millisecond, 0.1)
	near("p99", drawn[calls*99/100], 800*time.Millisecond, 0.25)
	b.play(document("a", "script: [{delay: {median: 59m, p99: 1h}}]"))
	for range 1000 {
		if d := b.decide(in).Delay; d > time.Hour {
			t.Fatalf("a delay of %s", d)
		}
	}
}
