package emulator_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// observations keep what they are told.
type observations struct {
	mu  sync.Mutex
	all []emulator.Observation
}

func (o *observations) take(_ context.Context, one emulator.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, one)
}

func (o *observations) last(t *testing.T) emulator.Observation {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) == 0 {
		t.Fatal("nothing was observed")
	}
	return o.all[len(o.all)-1]
}

// ticking is a time outside the sandboxes that goes on by a millisecond with every look at it.
func ticking() func() time.Time {
	var mu sync.Mutex
	now := instant
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Millisecond)
		return now
	}
}

func TestObservation(t *testing.T) {
	t.Parallel()
	seen := &observations{}
	w := newWorldWith(t, emulator.Options{Observe: seen.take, RealNow: ticking()}, noQuota)
	apply := func() gatewaytest.Request { return w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20") }
	for _, c := range []struct {
		name    string
		request gatewaytest.Request
		want    emulator.Observation // what is compared
	}{
		{"a good call", apply(), emulator.Observation{Sandbox: "conformance", Gateway: "acs", Outcome: "ok", Status: 200}},
		{
			"a call decided by its header", with(apply(), "X-Tokenstage-Scenario", "error/onsmqtt.ApplyToken/SystemOverFlow"),
			emulator.Observation{
				Sandbox: "conformance", Gateway: "acs", Outcome: "SystemOverFlow", Status: 500,
				Scenario: "error/onsmqtt.ApplyToken/SystemOverFlow",
			},
		},
		{
			"an unknown action",
			gatewaytest.Request{Method: http.MethodGet, Path: "/?Action=Nope&Version=2020-04-20", Host: host},
			emulator.Observation{Sandbox: "default", Gateway: "acs", Outcome: "InvalidAction.NotFound", Status: 404},
		},
		{
			"what no gateway claims",
			gatewaytest.Request{Method: http.MethodGet, Path: "/nowhere", Host: host},
			emulator.Observation{Sandbox: "default", Outcome: "http.404", Status: 404},
		},
	} {
		reply := w.do(t, c.request)
		got := seen.last(t)
		if got.RequestID == "" || got.Request.Method != c.request.Method || got.Delivery.Bytes != len(reply.body) {
			t.Errorf("%s: %+v of a body of %d bytes", c.name, got, len(reply.body))
		}
		if known := got.Operation != nil; known != (c.want.Sandbox == "conformance") {
			t.Errorf("%s: operation %v", c.name, got.Operation)
		}
		if took := got.Done.Sub(got.Arrived); took <= 0 || took > time.Second {
			t.Errorf("%s: took %s", c.name, took)
		}
		if got.Steps != nil {
			t.Errorf("%s: steps that nobody asked for", c.name)
		}
		facts := emulator.Observation{
			Sandbox: got.Sandbox, Gateway: got.Gateway, Outcome: got.Outcome, Status: got.Status, Scenario: got.Scenario,
			Panicked: got.Panicked, BrokeSpec: got.BrokeSpec,
		}
		if diff := cmp.Diff(c.want, facts); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if w.InFlight() != 0 {
		t.Errorf("%d in flight", w.InFlight())
	}
}

// with adds a header that no signature covers.
func with(r gatewaytest.Request, name, value string) gatewaytest.Request {
	r.Header = r.Header.Clone()
	r.Header.Set(name, value)
	return r
}

func TestStepsOfACall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play   string
		change func(*gatewaytest.Request)
		want   string
	}{
		"all":               {want: "route arrival authenticate validate decide behave check journal deliver"},
		"refused":           {change: func(r *gatewaytest.Request) { r.Header.Set("Authorization", "x") }, want: "route arrival authenticate refuse check journal deliver"},
		"decided by script": {play: "{respond: {status: 200, body: \"{}\", offSpec: true}}", want: "route arrival authenticate validate decide check journal deliver"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := &observations{}
			w := newWorldWith(t, emulator.Options{Observe: seen.take, Steps: true, RealNow: ticking()})
			if c.play != "" {
				w.play(t, w.box, onApplyToken(c.play))
			}
			r := w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")
			if c.change != nil {
				c.change(&r)
			}
			w.do(t, r)
			got := seen.last(t)
			var names []string
			at := got.Arrived
			for _, s := range got.Steps {
				if !s.Began.After(at) || !s.Began.Before(got.Done) {
					t.Errorf("%s begins at %s, after %s", s.Name, s.Began, at)
				}
				names, at = append(names, s.Name), s.Began
			}
			if text := strings.Join(names, " "); text != c.want {
				t.Errorf("steps %s", text)
			}
		})
	}
}

// TestObservationOfANetworkFault comes when the call is over, and counts it as in flight until then.
func TestObservationOfANetworkFault(t *testing.T) {
	t.Parallel()
	seen := &observations{}
	w := newWorldWith(t, emulator.Options{Observe: seen.take})
	client := w.listen(t)
	w.play(t, w.box, onApplyToken("{network: stall}"))
	ctx := w.untilJournaled(t, w.box)
	if response, err := client.Do(w.apply(ctx, t)); err == nil {
		_ = response.Body.Close()
		t.Fatal("a stalled call was answered")
	}
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for w.InFlight() > 0 { // until the server has seen that the client left
		if limited.Err() != nil {
			t.Fatal("still in flight")
		}
		runtime.Gosched()
	}
	if got := seen.last(t); got.Delivery.Network != "stall" || got.Delivery.State != journal.Abandoned || got.Scenario != "one-step" {
		t.Errorf("%+v", got)
	}
}

// TestScenarioNamesAreMasked has somebody name a scenario by a secret.
func TestScenarioNamesAreMasked(t *testing.T) {
	t.Parallel()
	seen := &observations{}
	w := newWorldWith(t, emulator.Options{Observe: seen.take}, func(d *sandbox.Definition) {
		given := gatewaytest.Read(d.Credentials)
		given.Fabric[0].AppSecret = "canary-secret-name"
		d.Credentials = given.Listed()
	})
	w.play(t, w.box, "name: canary-secret-name\nrules: [{on: onsmqtt.ApplyToken, script: [pass]}]")
	w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
	if got := seen.last(t).Scenario; got != sandbox.Mask {
		t.Errorf("scenario %q", got)
	}
}
