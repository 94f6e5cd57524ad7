package fabric_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

func TestAccessTokenEnds(t *testing.T) {
	t.Parallel()
	advance := func(d time.Duration) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			if _, err := w.box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: d}); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(to token.State) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			if _, err := w.box.ChangeToken(t.Context(), token.ID("ccmessaging", 1), to); err != nil {
				t.Fatal(err)
			}
		}
	}
	reset := func(t *testing.T, w *world) {
		t.Helper()
		if err := w.box.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		before  []func(*testing.T, *world)
		status  int
		finding string
	}{
		"in its last instant": {[]func(*testing.T, *world){advance(600*time.Second - 1)}, 200, ""},
		"at its end": {
			[]func(*testing.T, *world){advance(600 * time.Second)},
			401,
			"ccmessaging-1 of app " + appKey + " expired at 2026-03-01T12:10:00.000Z; the sandbox clock reads 2026-03-01T12:10:00.000Z",
		},
		"expired by hand": {[]func(*testing.T, *world){change(token.Expired)}, 401, "before its time"},
		"revoked":         {[]func(*testing.T, *world){change(token.Revoked)}, 401, "is revoked"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, step := range c.before {
				step(t, w)
			}
			reply, fault, _ := w.answer(t, w.request())
			if reply.Status != c.status {
				t.Fatalf("got %d %s, want %d", reply.Status, reply.Body, c.status)
			}
			if c.finding != "" && !strings.Contains(fault.Findings[0].Message, c.finding) {
				t.Fatalf("the finding is %q, want %q in it", fault.Findings[0].Message, c.finding)
			}
		})
	}
	t.Run("from before a reset", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range 3 {
			w.token = w.issue(t, appKey)
		}
		reset(t, w)
		if reply, _, _ := w.answer(t, w.request()); reply.Status != 401 {
			t.Fatalf("got %d %s, want 401", reply.Status, reply.Body)
		}
	})
}
