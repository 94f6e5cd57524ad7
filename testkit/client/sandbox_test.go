package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

func TestSandboxOptions(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	given := client.App{AppKey: "app-given", AppSecret: "fake-given-secret"}
	box := em.Sandbox(t, client.ID("my-own"), client.Seed(9), client.At(start), client.Frozen(),
		client.Given(client.Credentials{Fabric: []client.App{given}}),
		client.Quota("onsmqtt.ApplyToken", "5/s"), client.Quota("onsmqtt.QueryToken", "off"),
		client.Only(client.Fixtures{Channels: []string{"one"}}))
	got, err := em.Control().Sandbox(t.Context(), "my-own")
	if err != nil {
		t.Fatal(err)
	}
	if got.Seed != 9 || !got.Now.Equal(start) || !got.Frozen || box.Seed != 9 || box.ID != "my-own" {
		t.Errorf("%+v", got)
	}
	want := map[string]string{"onsmqtt.ApplyToken": "5/s", "onsmqtt.QueryToken": "off"}
	if diff := cmp.Diff(want, got.Quotas); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"one"}, got.Fixtures.Channels); diff != "" {
		t.Error(diff)
	}
	if box.Fabric != given || box.ACS.AccessKeyID == "" || box.ACS.AccessKeySecret == "" || box.Top.AppKey == "" {
		t.Errorf("credentials %+v", box.Credentials)
	}
	wantEndpoints := client.Endpoints{
		Data: em.URL(), Control: em.Control().URL(), ACS: em.Addr(), Top: em.URL() + "/router/rest", Fabric: em.URL(),
		OSS:  em.URL(),
		MQTT: "mqtt://" + box.MQTT.Addr,
	}
	if diff := cmp.Diff(wantEndpoints, box.Endpoints); diff != "" {
		t.Error(diff)
	}
}

func TestSignatureTime(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	for rule, warns := range map[client.SignatureTimeRule]bool{
		client.SignedByEither: false, client.SignedByClock: true, client.SignedByReal: true, client.SignedAnyTime: false,
	} {
		logged := play(t, func(t client.T) {
			box := em.Sandbox(t, client.SignatureTime(rule))
			box.Advance(59 * time.Minute)
			got, err := em.Control().Sandbox(t.Context(), box.ID)
			if err != nil || got.SignatureTime != rule {
				t.Errorf("%s, want %s, %v", got.SignatureTime, rule, err)
			}
		})
		if text := strings.Join(logged, "\n"); strings.Contains(text, "are refused now") != warns || !warns && text != "" {
			t.Errorf("%s: %s", rule, text)
		}
	}
}

func TestSandboxIsRemovedWithItsTest(t *testing.T) {
	em := inprocess.Start(t)
	var id string
	t.Run("test", func(t *testing.T) { id = em.Sandbox(t).ID })
	_, err := em.Control().Sandbox(t.Context(), id)
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusNotFound {
		t.Errorf("the sandbox is still there: %v", err)
	}
	t.Run("one that the test removed itself", func(t *testing.T) {
		box := em.Sandbox(t)
		if err := em.Control().RemoveSandbox(t.Context(), box.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestFailedTestsShowTheSeed(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	got := play(t, func(t client.T) {
		em.Sandbox(t, client.ID("shown"), client.Seed(77))
		t.Errorf("something of the test's own")
	})
	if diff := cmp.Diff([]string{"something of the test's own", "sandbox shown, seed 77"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBoxClock(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.At(start), client.Frozen())
	steps := []struct {
		name string
		do   func() time.Time
		want time.Time
	}{
		{"advance", func() time.Time { return box.Advance(61 * time.Minute) }, start.Add(61 * time.Minute)},
		{"read", box.Now, start.Add(61 * time.Minute)},
		{"set", func() time.Time { box.Set(start); return box.Now() }, start},
		{"freeze", box.Freeze, start},
		{"reset", func() time.Time { box.Advance(time.Hour); box.Reset(); return box.Now() }, start},
	}
	for _, step := range steps {
		if got := step.do(); !got.Equal(step.want) {
			t.Errorf("%s: want %s, got %s", step.name, step.want, got)
		}
	}
	before, real, after := em.Sandbox(t).Now(), box.SetReal(), em.Sandbox(t).Now()
	if real.Before(before) || real.After(after) {
		t.Errorf("real time is %s, not from %s to %s", real, before, after)
	}
	box.Unfreeze()
	if clock, err := em.Control().Clock(t.Context(), box.ID); err != nil || clock.Frozen {
		t.Errorf("the clock still stands: %+v, %v", clock, err)
	}
}

func TestJournalOfABox(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	for range 3 {
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	}
	if got := box.Requests(client.Filter{Outcome: "ok"}); len(got) != 3 || got[0].Seq != 1 {
		t.Errorf("got %d entries: %+v", len(got), got)
	}
	box.Clear()
	box.Expect(t, "*").Never()
}

// The journal of the sandbox "default" has the calls whose credential nobody knows.
func TestOpen(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	authorize(t, em, "nobody-knows-this-key", "x", "")
	em.Open(t, "default").Expect(t, operation).Credential("nobody-knows-this-key").Once()
}

func TestConnect(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	shared := client.Connect(t, em.Control().URL(), client.WithHTTPClient(&http.Client{Transport: transport}))
	if shared.Addr() != em.Addr() {
		t.Errorf("want %s, got %s", em.Addr(), shared.Addr())
	}
	box := shared.Sandbox(t)
	authorize(t, shared, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	box.Expect(t, operation).Outcomes("ok")
}

func TestWhatTheServerRefusesFailsTheTest(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Seed(3))
	cases := map[string]struct {
		do   func(t client.T)
		want string
	}{
		"bad id":        {func(t client.T) { em.Sandbox(t, client.ID("Not Good")) }, "make a sandbox: "},
		"unknown box":   {func(t client.T) { em.Open(t, "missing") }, "open the sandbox missing: "},
		"bad quota":     {func(t client.T) { em.Sandbox(t, client.Quota("onsmqtt.ApplyToken", "many")) }, "quotas.onsmqtt.ApplyToken"},
		"unknown token": {func(t client.T) { em.Open(t, box.ID).Expire("none") }, "expire token none (sandbox " + box.ID + ", seed 3): "},
		"zero start":    {func(t client.T) { em.Sandbox(t, client.At(time.Time{})) }, "the years 1970 to 9999"},
		"zero time":     {func(t client.T) { em.Open(t, box.ID).Set(time.Time{}) }, "the years 1970 to 9999"},
		"nobody there":  {func(t client.T) { client.Connect(t, "http://127.0.0.1:1") }, "tokenstage at http://127.0.0.1:1: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(play(t, c.do), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("want %q in: %s", c.want, got)
			}
		})
	}
}
