package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

const operation = "ccmessaging.tokenByAkSk"

// scene is a sandbox of a known look with three calls in its journal: two good ones and one with a wrong secret.
func scene(t *testing.T, em *client.Emulator) *client.Box {
	t.Helper()
	box := em.Sandbox(t, client.Seed(42), client.At(start), client.Frozen(), client.Given(client.Credentials{
		Fabric: []client.App{{AppKey: "app-" + strings.ToLower(t.Name()[len(t.Name())-4:]), AppSecret: "fake-secret"}},
	}))
	authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "?room=a")
	authorize(t, em, box.Fabric.AppKey, "wrong", "?room=b")
	box.Advance(time.Minute)
	authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "?room=c")
	return box
}

func TestExpectationsThatHold(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	refused := box.Expect(t, operation).Param("room", "b").Once().Outcome
	cases := map[string]func(x client.Expectation){
		"all outcomes in order":  func(x client.Expectation) { x.Outcomes("ok", refused, "ok") },
		"times":                  func(x client.Expectation) { x.Times(3) },
		"at least":               func(x client.Expectation) { x.AtLeast(2) },
		"a parameter in a query": func(x client.Expectation) { x.Param("room", "c").Once() },
		"a parameter in JSON":    func(x client.Expectation) { x.Param("app_key", box.Fabric.AppKey).Times(3) },
		"a pattern":              func(x client.Expectation) { x.Param("app_key", "*p-*").Times(3) },
		"another ending":         func(x client.Expectation) { x.Param("app_key", "app-*-other").Never() },
		"another middle":         func(x client.Expectation) { x.Param("app_key", "*other*").Never() },
		"a header":               func(x client.Expectation) { x.Header("x-token-expire", "3600").Times(3) },
		"an outcome":             func(x client.Expectation) { x.Outcome("ok").Times(2) },
		"a credential":           func(x client.Expectation) { x.Credential(box.Fabric.AppKey).Times(3) },
		"several at once":        func(x client.Expectation) { x.Outcome("ok").Param("room", "a").Once() },
		"never":                  func(x client.Expectation) { x.Param("room", "z").Never() },
		"never, for a while":     func(x client.Expectation) { x.Param("room", "z").Within(30 * time.Millisecond).Never() },
	}
	for name, claim := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claim(box.Expect(t, operation))
			claim(box.Expect(t, "ccmessaging.*"))
		})
	}
}

// An Expectation can be narrowed down in two ways without one of them seeing the other.
func TestExpectationsAreValues(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	all := scene(t, em).Expect(t, operation).Credential("*")
	a, c := all.Param("room", "a"), all.Param("room", "c")
	a.Once()
	c.Once()
	all.Times(3)
}

func TestWithinWaitsForCallsInTheBackground(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	}()
	box.Expect(t, operation).Within(10*time.Second).Outcomes("ok", "ok")
	<-done
}

func TestExpectationsThatFailSayWhy(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	cases := []struct {
		name  string
		claim func(x client.Expectation)
		want  string
	}{
		{
			"outcomes in another order",
			func(x client.Expectation) { x.Outcomes("ok", "ok") },
			`ccmessaging.tokenByAkSk: want outcomes ok, ok, got 3 calls
  first difference at call 2: want ok, got 403 (all: ok, 403, ok)
  3 calls came to sandbox BOX, seed 42:
    * #1 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: ok (200)
    * #2 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: 403 (403)
        REASON
    * #3 2030-01-01T00:01:00.000Z ccmessaging.tokenByAkSk: ok (200)`,
		},
		{
			"none is like that",
			func(x client.Expectation) { x.Param("room", "c").Outcome("403").Header("X-Trace", "1").Once() },
			`ccmessaging.tokenByAkSk with room "c", outcome "403", header X-Trace "1": want 1 call, got 0 calls
  3 calls came to sandbox BOX, seed 42:
      #1 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: ok (200)
      #2 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: 403 (403)
        REASON
      #3 2030-01-01T00:01:00.000Z ccmessaging.tokenByAkSk: ok (200)
  nearest is #3, which differs in
      outcome: want "403", got "ok"
      header X-Trace: want "1", got none`,
		},
		{
			"another operation",
			func(x client.Expectation) { x.Times(1) },
			`onsmqtt.ApplyToken: want 1 call, got 0 calls
  3 calls came to sandbox BOX, seed 42:
      #1 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: ok (200)
      #2 2030-01-01T00:00:00.000Z ccmessaging.tokenByAkSk: 403 (403)
        REASON
      #3 2030-01-01T00:01:00.000Z ccmessaging.tokenByAkSk: ok (200)
  nearest is #3, which differs in
      operation: want "onsmqtt.ApplyToken", got "ccmessaging.tokenByAkSk"`,
		},
	}
	finding := box.Expect(t, operation).Param("room", "b").Once().Findings[0]
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			of, _, _ := strings.Cut(c.want, ":")
			of, _, _ = strings.Cut(of, " ")
			got := play(t, func(t client.T) { c.claim(box.Expect(t, of)) })
			want := strings.NewReplacer("BOX", box.ID, "REASON", finding.Check+": "+finding.Message).Replace(c.want)
			if diff := cmp.Diff([]string{want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpectationsThatFailInFewWords(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	quiet := em.Sandbox(t, client.Seed(7))
	cases := map[string]struct {
		claim func(t client.T)
		want  string
	}{
		"too few":       {func(t client.T) { box.Expect(t, operation).AtLeast(4) }, "want at least 4 calls, got 3 calls"},
		"one too many":  {func(t client.T) { box.Expect(t, operation).Outcome("ok").Once() }, "want 1 call, got 2 calls"},
		"not never":     {func(t client.T) { box.Expect(t, operation).Never() }, "want no call, got 3 calls"},
		"nothing came":  {func(t client.T) { quiet.Expect(t, operation).Once() }, "0 calls came to sandbox " + quiet.ID + ", seed 7"},
		"not in time":   {func(t client.T) { box.Expect(t, operation).Within(20 * time.Millisecond).Times(9) }, "want 9 calls"},
		"never, broken": {func(t client.T) { box.Expect(t, operation).Within(time.Hour).Never() }, "want no call"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(play(t, c.claim), "\n")
			if !strings.Contains(got, c.want) {
				t.Errorf("the report lacks %q:\n%s", c.want, got)
			}
		})
	}
}

// A long journal does not drown the report.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	for range 30 {
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "?long="+strings.Repeat("x", 1000))
	}
	got := strings.Join(play(t, func(t client.T) { box.Expect(t, operation).Param("long", "short").Once() }), "\n")
	if !strings.Contains(got, "10 older ones are not shown") || strings.Count(got, "#") != 21 || len(got) > 4000 {
		t.Error(got)
	}
}

// TestChecksAreReportedTogether holds that a test which checks several things learns of all that do not hold.
func TestChecksAreReportedTogether(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	got := play(t, func(fake client.T) {
		if e := box.Check(fake, operation).Outcome("401").Once(); e.ID != "" {
			t.Errorf("a call that did not come: %+v", e)
		}
		box.Check(fake, operation).Never()
		box.Check(fake, "onsmqtt.AplyToken").Never()
		if e := box.Check(fake, operation).Param("room", "c").Once(); e.Seq != 3 {
			t.Errorf("the call that came: %+v", e)
		}
		if all := box.Check(fake, operation).Times(5); len(all) != 3 {
			t.Errorf("%d calls", len(all))
		}
		box.Expect(fake, operation).Outcomes("ok")
		t.Error("the test went on after an expectation that does not hold")
	})
	want := []string{"want 1 call, got 0", "want no call, got 3", `did you mean "onsmqtt.ApplyToken"`, "want 5 calls, got 3", "want outcomes ok"}
	if len(got) != len(want) {
		t.Fatalf("%d reports: %q", len(got), got)
	}
	for i, want := range want {
		if !strings.Contains(got[i], want) {
			t.Errorf("report %d lacks %q: %s", i, want, got[i])
		}
	}
}
