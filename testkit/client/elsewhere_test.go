package client_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestReportsShowCallsOfOtherCredentials holds that an app which was given the wrong credentials is found: its calls are
// in the default sandbox, with the reason of their refusal.
func TestReportsShowCallsOfOtherCredentials(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	own := em.Open(t, "default").Fabric
	before := em.Sandbox(t)
	authorize(t, em, "nobodys-key", "wrong-secret", "")
	authorize(t, em, own.AppKey, own.AppSecret, "")
	after := em.Open(t, "default").Requests(client.Filter{})
	if len(after) != 2 || len(after[0].Findings) == 0 {
		t.Fatalf("in default: %+v", after)
	}
	got := strings.Join(play(t, func(fake client.T) { em.Open(fake, before.ID).Expect(fake, operation).Once() }), "\n")
	for _, want := range []string{
		operation + ": want 1 call, got 0 calls",
		"2 calls came to sandbox default instead",
		operation + ": 403 (403), credential nobodys-key\n        " + after[0].Findings[0].Check + ": " + after[0].Findings[0].Message,
		operation + ": ok (200), credential " + own.AppKey,
		"the credentials of sandbox " + before.ID + " are acs " + before.ACS.AccessKeyID + ", top " + before.Top.AppKey +
			", fabric " + before.Fabric.AppKey,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
}

// TestReportsShowNoOtherCalls holds that calls which explain nothing are left out.
func TestReportsShowNoOtherCalls(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	for range 20 {
		authorize(t, em, "nobodys-key", "wrong-secret", "")
	}
	box := scene(t, em)
	const instead = "came to sandbox default instead"
	for name, test := range map[string]struct {
		claim func(t client.T)
		shown bool
	}{
		"another operation":   {func(t client.T) { box.Expect(t, "onsmqtt.ApplyToken").Once() }, false},
		"the same":            {func(t client.T) { box.Expect(t, operation).Param("room", "z").Once() }, true},
		"too many":            {func(t client.T) { box.Expect(t, operation).Once() }, false},
		"the default sandbox": {func(t client.T) { em.Open(t, "default").Expect(t, "onsmqtt.ApplyToken").Once() }, false},
	} {
		got := strings.Join(play(t, test.claim), "\n")
		if strings.Contains(got, instead) != test.shown {
			t.Errorf("%s: %s", name, got)
		}
		if strings.Count(got, ", credential nobodys-key") > 5 && name != "the default sandbox" {
			t.Errorf("%s: all of them: %s", name, got)
		}
	}
}
