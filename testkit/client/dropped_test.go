package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// startForgetful starts an emulator whose journals keep five calls.
func startForgetful(t *testing.T) *client.Emulator {
	t.Helper()
	return inprocess.Start(t, func(o *emulator.Options) { o.Journal.Records = 5 })
}

// crowded is a sandbox to which one refused call came, and then nine good ones, of which the journal keeps five.
func crowded(t *testing.T, em *client.Emulator) *client.Box {
	t.Helper()
	box := em.Sandbox(t, client.Seed(42))
	authorize(t, em, box.Fabric.AppKey, "wrong", "?room=first")
	for range 9 {
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "?room=other")
	}
	return box
}

// TestClaimsAboutDroppedCalls holds that no claim is decided on what the journal happens to have kept.
func TestClaimsAboutDroppedCalls(t *testing.T) {
	t.Parallel()
	em := startForgetful(t)
	box := crowded(t, em)
	const cannot = "this cannot be decided: the journal keeps only the latest calls and dropped 5 calls"
	for name, test := range map[string]struct {
		claim func(x client.Expectation)
		want  string // empty for a claim that holds
	}{
		"never, by count":           {func(x client.Expectation) { x.Outcome("403").Never() }, "want no call, got 1 call, 1 of which the journal dropped"},
		"never, by a pattern":       {func(x client.Expectation) { x.Outcome("4*").Never() }, "1 of which the journal dropped"},
		"never, by a parameter":     {func(x client.Expectation) { x.Param("room", "first").Never() }, cannot},
		"never, for a while":        {func(x client.Expectation) { x.Param("room", "first").Within(time.Hour).Never() }, cannot},
		"never and none was lost":   {func(x client.Expectation) { x.Outcome("401").Param("room", "first").Never() }, ""},
		"once, by count":            {func(x client.Expectation) { x.Outcome("403").Once() }, cannot},
		"times, by count":           {func(x client.Expectation) { x.Times(10) }, ""},
		"times, too many":           {func(x client.Expectation) { x.Times(5) }, "want 5 calls, got 10 calls, 5 of which the journal dropped"},
		"times, of an outcome":      {func(x client.Expectation) { x.Outcome("ok").Times(9) }, ""},
		"times, by a parameter":     {func(x client.Expectation) { x.Param("room", "other").Times(5) }, cannot},
		"times, more than all":      {func(x client.Expectation) { x.Param("room", "other").Times(11) }, "want 11 calls, got 5 calls, and 5 or fewer"},
		"at least, of what is kept": {func(x client.Expectation) { x.Param("room", "other").AtLeast(5) }, ""},
		"at least, by count":        {func(x client.Expectation) { x.AtLeast(10) }, ""},
		"at least, by a parameter":  {func(x client.Expectation) { x.Param("room", "other").AtLeast(6) }, cannot},
		"outcomes":                  {func(x client.Expectation) { x.Outcomes("ok", "ok", "ok", "ok", "ok") }, "got 10 calls, 5 of which the journal dropped"},
		"outcomes, the right ones": {func(x client.Expectation) {
			x.Outcome("ok").Outcomes("ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok")
		}, cannot},
		"in time": {func(x client.Expectation) { x.Outcome("403").Within(20 * time.Millisecond).Once() }, cannot},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(play(t, func(fake client.T) { test.claim(box.Expect(fake, operation)) }), "\n")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for name, claim := range map[string]func(t client.T){
		"all calls":         func(t client.T) { box.Expect(t, "*").Times(10) },
		"another operation": func(t client.T) { box.Expect(t, "onsmqtt.*").Param("InstanceId", "a").Never() },
		"its outcomes":      func(t client.T) { box.Expect(t, "onsmqtt.ApplyToken").Outcomes() },
	} {
		if got := play(t, claim); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestClaimsAfterAClearing holds that calls of before a clearing are counted for nobody.
func TestClaimsAfterAClearing(t *testing.T) {
	t.Parallel()
	em := startForgetful(t)
	box := crowded(t, em)
	box.Clear()
	box.Expect(t, "*").Never()
	for range 6 {
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	}
	box.Expect(t, "*").Times(6)
	box.Expect(t, operation).AtLeast(5)
	got := strings.Join(play(t, func(fake client.T) { box.Expect(fake, operation).Outcome("403").Never() }), "\n")
	if !strings.Contains(got, "got 0 calls, and 1 or fewer of those that the journal dropped") {
		t.Error(got)
	}
}

// TestRequestsSayWhatIsMissing holds that a test which reads the journal by itself can see that it is not whole.
func TestRequestsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	em := startForgetful(t)
	box := crowded(t, em)
	got := play(t, func(fake client.T) { em.Open(fake, box.ID).Requests(client.Filter{}) })
	if len(got) != 1 || !strings.Contains(got[0], "the journal dropped 5 older calls") {
		t.Error(got)
	}
	if got := play(t, func(fake client.T) { em.Open(fake, box.ID).Requests(client.Filter{After: 5}) }); len(got) > 0 {
		t.Error(got)
	}
}
