package emulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// replica starts an emulator on a store and returns it with a client of its control plane.
func replica(t *testing.T, url string) (*world, *client.Client) {
	t.Helper()
	e, err := emulator.New(t.Context(), emulator.Options{
		StoreURL: url, Log: discard, Violation: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := &world{Emulator: e, World: e.World(), handler: e.Handler()}
	w.enter(w.sandbox(t, sandbox.Default))
	w.acs.Now = time.Now
	return w, client.New("http://" + e.ControlAddr())
}

// soon waits until something holds, and fails when that takes longer than it may.
func soon(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	late := time.NewTimer(limit)
	defer late.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-late.C:
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// ready is the status of /readyz.
func ready(t *testing.T, c *client.Client) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL()+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}

// TestReplicasFollowEachOther lets one be called, and another show it.
func TestReplicasFollowEachOther(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t).URL()
	a, _ := replica(t, url)
	b, control := replica(t, url)
	watched, err := b.Watch()
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Close()
	heard := make(chan client.Event, 10)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for event, err := range control.FollowAll(ctx, client.Filter{}) {
			if err != nil {
				return
			}
			heard <- event
		}
	}()
	// The watch may still tell of the connection; a call is told again until the follower hears of it.
	sent := 0
	soon(t, 10*time.Second, "a follower at another replica hears of a call", func() bool {
		sent++
		if got := a.do(t, a.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		select {
		case <-heard:
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	ids, err := watched.Next(t.Context())
	if err != nil || !slices.Contains(ids, sandbox.Default) {
		t.Errorf("changed %q, %v", ids, err)
	}
	one, err := a.Coverage(t.Context(), a.box)
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.CoverageOfAll(t.Context())
	if err != nil || one.Calls != other.Calls || one.Calls == 0 {
		t.Errorf("%d calls counted at one, %d at the other, %v", one.Calls, other.Calls, err)
	}
}

const failsTwice = `name: fails-twice
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: SystemOverFlow
        times: 2
    end: release
`

func apply(t *testing.T, w *world) answer {
	t.Helper()
	return w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
}

// TestStartingReplicaLeavesWhatPlays where it brings the same permanent scenario, and stopped what people stopped.
func TestStartingReplicaLeavesWhatPlays(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t).URL()
	a, _ := replica(t, url)
	play := func(w *world, document, replaced string) {
		t.Helper()
		if _, err := w.PlayPermanent(t.Context(), document, replaced); err != nil {
			t.Fatal(err)
		}
	}
	play(a, failsTwice, "")
	if got := apply(t, a); got.code != "SystemOverFlow" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	b, _ := replica(t, url)
	b.acs = a.acs
	play(b, failsTwice, "")
	if first, second := apply(t, b), apply(t, a); first.code != "SystemOverFlow" || second.status != http.StatusOK {
		t.Errorf("answered %q and %q after a replica started, want the second of two failures and a token",
			first.code, second.code)
	}
	if err := a.StopPlaying(t.Context(), a.box, "fails-twice"); err != nil {
		t.Fatal(err)
	}
	c, _ := replica(t, url)
	c.acs = a.acs
	play(c, failsTwice, "")
	if got := apply(t, c); got.status != http.StatusOK {
		t.Errorf("what was stopped plays again: %s", got.body)
	}
	if err := b.Reset(t.Context(), b.box); err != nil {
		t.Fatal(err)
	}
	if got := apply(t, c); got.code != "SystemOverFlow" {
		t.Errorf("a permanent scenario does not play after a reset by another replica: %s", got.body)
	}
	changed := strings.Replace(failsTwice, "times: 2", "times: 9", 1)
	play(a, changed, "fails-twice")
	if playing, err := b.Player(b.box).List(t.Context(), instant); err != nil || len(playing) == 0 || playing[0].Name != "fails-twice" {
		t.Errorf("playing %+v, %v", playing, err)
	}
}

// TestStoreThatWasEmptied has the default sandbox and its permanent scenarios again at every replica, whichever of them
// notices first, and what was before is nobody's any more.
func TestStoreThatWasEmptied(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"the replica with the scenario", "the other"} {
		t.Run(first+" notices", func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			a, control := replica(t, server.URL())
			b, other := replica(t, server.URL())
			if _, err := a.PlayPermanent(t.Context(), failsTwice, ""); err != nil {
				t.Fatal(err)
			}
			if _, err := control.CreateSandbox(t.Context(), client.Definition{ID: "mine"}); err != nil {
				t.Fatal(err)
			}
			if _, err := other.Sandbox(t.Context(), "mine"); err != nil {
				t.Fatal(err)
			}
			server.Do("FLUSHALL")
			asked := []*client.Client{control, other}
			if first == "the other" {
				slices.Reverse(asked)
			}
			for i, c := range asked {
				all, err := c.Sandboxes(t.Context())
				if err != nil || len(all) != 1 || all[0].ID != sandbox.Default {
					t.Errorf("client %d lists %+v, %v", i, all, err)
				}
			}
			b.acs = a.acs
			one, two := apply(t, b), apply(t, a)
			if one.code != "SystemOverFlow" || two.code != "SystemOverFlow" {
				t.Errorf("the permanent scenario does not play: %q and %q", one.code, two.code)
			}
			// Another sandbox of the same id has nothing of the one before.
			made, err := other.CreateSandbox(t.Context(), client.Definition{ID: "mine"})
			if err != nil {
				t.Fatal(err)
			}
			seen, err := control.Sandbox(t.Context(), "mine")
			if err != nil || seen.Seed != made.Seed {
				t.Errorf("the first sees the seed %d, %v, want %d", seen.Seed, err, made.Seed)
			}
		})
	}
}

// TestStoreThatIsDown is told by /readyz and by the provider's own errors, and everything goes on by itself.
func TestStoreThatIsDown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*redistest.Server) (end func()){
		"hanging": func(s *redistest.Server) func() { s.Pause(); return s.Continue },
		"killed":  func(s *redistest.Server) func() { s.Stop(); return s.Run },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			a, control := replica(t, server.URL())
			if got := ready(t, control); got != http.StatusOK {
				t.Errorf("/readyz is %d", got)
			}
			end := fault(server)
			began := time.Now()
			got := apply(t, a)
			if took := time.Since(began); got.code != "ServiceUnavailable" || took > 2*time.Second {
				t.Errorf("answered %d %s after %s", got.status, got.body, took)
			}
			began = time.Now() // a credential that nobody here has met is looked for in the store
			unknown := gatewaytest.ACS{AccessKeyID: "LTAIunknown", AccessKeySecret: "secret", Now: time.Now}
			signed := unknown.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")
			if got, took := a.do(t, signed), time.Since(began); got.code != "ServiceUnavailable" || took > 2*time.Second {
				t.Errorf("an unknown caller is answered %d %s after %s", got.status, got.body, took)
			}
			var body struct{ RequestID string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.RequestID == "" {
				t.Errorf("%s: %v", got.body, err)
			}
			soon(t, 3*time.Second, "/readyz is 503", func() bool { return ready(t, control) == http.StatusServiceUnavailable })
			if _, err := control.Sandboxes(t.Context()); err == nil || !strings.Contains(err.Error(), "store") {
				t.Errorf("the control plane says %v", err)
			}
			if err := control.Health(t.Context()); err != nil {
				t.Errorf("/healthz: %v", err)
			}
			end()
			soon(t, 5*time.Second, "/readyz is 200", func() bool { return ready(t, control) == http.StatusOK })
			if got := apply(t, a); got.status != http.StatusOK {
				t.Errorf("afterwards: %d %s", got.status, got.body)
			}
			soon(t, 5*time.Second, "the refused call is in the journal", func() bool {
				entry, err := control.Request(t.Context(), sandbox.Default, body.RequestID)
				return err == nil && entry.Outcome == "ServiceUnavailable"
			})
		})
	}
}
