package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestFollow makes happen what a journal can tell of, one after the other.
func TestFollow(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	control := em.Control()
	box, err := control.CreateSandbox(t.Context(), client.Definition{ID: "followed"})
	if err != nil {
		t.Fatal(err)
	}
	app := box.Credentials.Fabric[0]
	authorize(t, em, app.AppKey, app.AppSecret, "")
	authorize(t, em, app.AppKey, "wrong-secret", "")
	steps := []struct {
		want string // of the event
		then func() error
	}{
		{"ok", nil},
		{"403", func() error { return control.ClearRequests(t.Context(), "followed") }},
		{"cleared", func() error { return control.RemoveSandbox(t.Context(), "followed") }},
		{"removed", nil},
	}
	seen := 0
	for event, err := range control.Follow(t.Context(), "followed", client.Filter{API: "ccmessaging"}) {
		if err != nil || seen == len(steps) {
			t.Fatalf("event %d: %+v, error %v", seen, event, err)
		}
		step := steps[seen]
		seen++
		if got := told(event); got != step.want {
			t.Errorf("event %d tells %q, want %q", seen, got, step.want)
		}
		if step.then == nil {
			continue
		}
		if err := step.then(); err != nil {
			t.Fatal(err)
		}
	}
	if seen != len(steps) {
		t.Errorf("%d events, want %d", seen, len(steps))
	}
}

// told is the gist of an event.
func told(e client.Event) string {
	switch {
	case e.Entry != nil:
		return e.Entry.Outcome
	case e.Cleared:
		return "cleared"
	case e.Removed:
		return "removed"
	}
	return "nothing"
}

func TestFollowFails(t *testing.T) {
	t.Parallel()
	control := inprocess.Start(t).Control()
	for name, c := range map[string]struct {
		box   string
		ended bool
		is    func(error) bool
	}{
		"an unknown sandbox": {"nobody", false, func(err error) bool {
			p, ok := errors.AsType[*client.Problem](err)
			return ok && p.Status == http.StatusNotFound
		}},
		"a context that ended": {"default", true, func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			if c.ended {
				end()
			}
			yields := 0
			for event, err := range control.Follow(ctx, c.box, client.Filter{}) {
				yields++
				if !c.is(err) || event != (client.Event{}) {
					t.Errorf("%+v, error %v", event, err)
				}
			}
			if yields != 1 {
				t.Errorf("%d yields", yields)
			}
		})
	}
}
