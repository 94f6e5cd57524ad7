package control_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// follow opens the events of the default sandbox until end.
func (w *world) follow(t *testing.T) (end func()) {
	t.Helper()
	resp, err := http.DefaultClient.Do(w.request(t, http.MethodGet, "/v1/sandboxes/default/events", ""))
	if err != nil {
		t.Fatal(err)
	}
	end = func() { _ = resp.Body.Close() }
	t.Cleanup(end)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return end
}

// TestTooManyFollowers are told so, and let in when one has left.
func TestTooManyFollowers(t *testing.T) {
	t.Parallel()
	w := open(t)
	end := w.follow(t)
	for range steer.MaxWatches - 1 {
		watch, err := w.Watch()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(watch.Close)
	}
	got := w.refused(t, http.MethodGet, "/v1/sandboxes/default/events", "", http.StatusTooManyRequests)
	if !strings.Contains(got.Detail, "at most 200") {
		t.Errorf("%q", got.Detail)
	}
	end()
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for limited.Err() == nil {
		if watch, err := w.Watch(); err == nil {
			watch.Close()
			w.follow(t)
			return
		}
	}
	t.Error("who left keeps the place")
}
