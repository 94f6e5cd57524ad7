package sandbox_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// TestResetNeverFailsACall resets a sandbox again and again while calls begin in it.
func TestResetNeverFailsACall(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: memory.New(), RealNow: func() time.Time { return at }})
	box, err := registry.Create(t.Context(), sandbox.Definition{ID: "box", Now: &at, Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if turn, err := box.Begin(t.Context()); err != nil || !turn.Now.Equal(at) {
					t.Errorf("a call began with %v", err)
					return
				}
			}
		})
	}
	for range 2000 {
		if err := box.Reset(t.Context()); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	calls.Wait()
}

// TestEndedTokensStayEnded resets a sandbox, and removes it and makes it anew: tokens from before, which were revoked
// some of them, are never good again, however many calls come.
func TestEndedTokensStayEnded(t *testing.T) {
	t.Parallel()
	end := epoch().Add(time.Hour)
	w := newWorld(t, 0)
	def := withApp("box", "top-app", 5)
	def.Frozen = true
	box := w.create(t, def)
	stateOf := func(box *sandbox.Sandbox, claims token.Claims) token.State {
		state, err := begin(t, box).TokenState(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	var old []issued
	for range 40 {
		old = append(old, issue(t, box, false))
	}
	if err := begin(t, box).EndToken(t.Context(), old[0].id, old[0].end, token.Revoked, "test"); err != nil {
		t.Fatal(err)
	}
	access, err := begin(t, box).IssueAccess("api", "app", end)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		begin(t, box)
	}
	for _, each := range old {
		if state := stateOf(box, each.claims); state != token.Revoked {
			t.Fatalf("%s, from before the reset, is %s", each.id, state)
		}
	}
	if claims, ok := begin(t, box).OpenAccess(access, "app", []string{"api"}); ok {
		t.Errorf("an access token from before the reset opens: %+v", claims)
	}
	if fresh := issue(t, box, false); stateOf(box, fresh.claims) != token.Active {
		t.Error("a token that was issued after the reset is not good")
	}

	last := issue(t, box, false)
	if err := w.Remove(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	again := w.create(t, def)
	for _, each := range append(old[1:], last) {
		if state := stateOf(again, each.claims); state != token.Revoked {
			t.Fatalf("%s, of the sandbox that was removed, is %s", each.id, state)
		}
	}
}

// TestTwoResetsBeginTwoGenerations resets a sandbox at the same time from two sides, on a clock that stands still.
func TestTwoResetsBeginTwoGenerations(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	for range 200 {
		var resets sync.WaitGroup
		between := make(chan issued, 2)
		for range 2 {
			resets.Go(func() {
				if err := box.Reset(t.Context()); err != nil {
					t.Error(err)
				}
				made, err := tryIssue(t, box, false)
				for errors.Is(err, sandbox.ErrGone) { // the other side's reset came between
					made, err = tryIssue(t, box, false)
				}
				if err != nil {
					t.Error(err)
				}
				between <- made
			})
		}
		resets.Wait()
		first, second := <-between, <-between
		if t.Failed() {
			return
		}
		if err := box.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin(t, box)
		begin(t, box)
		first.stateIs(t, box, epoch(), token.Revoked)
		second.stateIs(t, box, epoch(), token.Revoked)
	}
}

// TestTurnEndsWithItsGeneration checks that a call that began before a reset or a removal reads and writes nothing
// after it.
func TestTurnEndsWithItsGeneration(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, *sandbox.Sandbox) error{
		"reset":   func(_ *world, box *sandbox.Sandbox) error { return box.Reset(t.Context()) },
		"removal": func(w *world, box *sandbox.Sandbox) error { return w.Remove(t.Context(), box.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			box := w.create(t, sandbox.Definition{ID: "box", Frozen: true})
			turn := begin(t, box)
			if err := end(w, box); err != nil {
				t.Fatal(err)
			}
			turn.Write(&store.Put{Key: "written"})
			set := func([]byte) ([]byte, time.Time, error) { return []byte("x"), time.Time{}, nil }
			for what, err := range map[string]error{
				"a step":    turn.Space().Put(t.Context(), "stepped", nil, time.Time{}),
				"a commit":  turn.Commit(t.Context()),
				"an update": turn.Space().Update(t.Context(), "updated", set),
			} {
				if !errors.Is(err, sandbox.ErrGone) {
					t.Errorf("%s: %v, want %v", what, err, sandbox.ErrGone)
				}
			}
			if name == "removal" {
				if err := box.Space().Put(t.Context(), "late", nil, time.Time{}); !errors.Is(err, sandbox.ErrGone) {
					t.Errorf("a late write: %v, want %v", err, sandbox.ErrGone)
				}
				return
			}
			for _, key := range []string{"written", "stepped", "updated"} {
				if _, found, err := box.Space().Get(t.Context(), key); found || err != nil {
					t.Errorf("%s is there, %v", key, err)
				}
			}
		})
	}
}
