package client_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestAllSandboxesAtOnce reads and follows what came to any of them.
func TestAllSandboxesAtOnce(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	control, ctx := em.Control(), t.Context()
	one, two := em.Sandbox(t, client.ID("one")), em.Sandbox(t, client.ID("two"))
	authorize(t, em, two.Fabric.AppKey, two.Fabric.AppSecret, "")
	authorize(t, em, one.Fabric.AppKey, "wrong", "")
	page, err := control.AllRequests(ctx, client.Filter{API: "ccmessaging", Limit: 1})
	if err != nil || len(page.Requests) != 1 || page.Requests[0].Sandbox != "two" || page.Next == nil {
		t.Fatalf("%+v, %v", page, err)
	}
	page, err = control.AllRequests(ctx, client.Filter{After: *page.Next})
	if err != nil || len(page.Requests) != 1 || page.Requests[0].Sandbox != "one" || page.Next != nil {
		t.Fatalf("%+v, %v", page, err)
	}
	steps := []struct {
		want string
		then func()
	}{
		{"two ok", func() {}},
		{"one 403", func() { authorize(t, em, two.Fabric.AppKey, "wrong", "") }},
		{"two 403", two.Clear},
		{"two cleared", func() {
			if err := control.RemoveSandbox(ctx, "one"); err != nil {
				t.Fatal(err)
			}
		}},
		{"one removed", func() {
			made := em.Sandbox(t, client.ID("one"))
			authorize(t, em, made.Fabric.AppKey, made.Fabric.AppSecret, "")
		}},
		{"one ok", nil},
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for event, err := range control.FollowAll(limited, client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		where := event.Sandbox
		if event.Entry != nil {
			where = event.Entry.Sandbox
		}
		if got := where + " " + told(event); got != steps[0].want {
			t.Fatalf("%q, want %q", got, steps[0].want)
		}
		then := steps[0].then
		if steps = steps[1:]; then == nil {
			break
		}
		then()
	}
	whole, err := control.WholeCoverage(ctx)
	if err != nil || whole.Calls != 4 {
		t.Errorf("%d calls: %v", whole.Calls, err)
	}
}

// TestFollowingAllGoesOn begins behind a time, as who connects again does.
func TestFollowingAllGoesOn(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	authorize(t, em, box.Fabric.AppKey, "wrong", "")
	first := box.Requests(client.Filter{})[0]
	for event, err := range em.Control().FollowAll(t.Context(), client.Filter{After: uint64(first.Arrived.UnixMicro())}) {
		if err != nil || told(event) != "403" {
			t.Errorf("%+v, %v", event, err)
		}
		break
	}
}

// TestAFailedTestCanKeepItsSandbox holds that who asks for it can look into what failed, and is told where.
func TestAFailedTestCanKeepItsSandbox(t *testing.T) {
	t.Parallel()
	em := client.NewEmulator(inprocess.Start(t).Control(), "unused")
	for name, test := range map[string]struct {
		options []client.SandboxOption
		fails   bool
		kept    bool
	}{
		"failed":          {[]client.SandboxOption{client.KeepOnFailure()}, true, true},
		"passed":          {[]client.SandboxOption{client.KeepOnFailure()}, false, false},
		"failed, as ever": {nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var id string
			got := strings.Join(play(t, func(fake client.T) {
				id = em.Sandbox(fake, test.options...).ID
				if test.fails {
					fake.Errorf("something is wrong")
				}
			}), "\n")
			_, err := em.Control().Sandbox(t.Context(), id)
			if (err == nil) != test.kept {
				t.Errorf("the sandbox is there: %v", err == nil)
			}
			for _, want := range []string{
				"sandbox " + id + " is kept: look at " + em.Control().URL() + "/console/calls?sandbox=" + id,
				"tokenstage requests --control " + em.Control().URL() + " --sandbox " + id,
				"tokenstage sandbox rm --control " + em.Control().URL() + " " + id,
			} {
				if strings.Contains(got, want) != test.kept {
					t.Errorf("says %q", got)
				}
			}
			if strings.Contains(got, "ends with the test") {
				t.Errorf("says of an emulator that stays: %q", got)
			}
		})
	}
	got := play(t, func(fake client.T) {
		inprocess.Start(fake).Sandbox(fake, client.KeepOnFailure())
		fake.Errorf("something is wrong")
	})
	if all := strings.Join(got, "\n"); !strings.Contains(all, "as long as this emulator runs, which ends with the test") {
		t.Error(all)
	}
}
