package console_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	tokens "github.com/tokenstage/tokenstage/emulator/internal/token"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// changes follows the stream of all pages; each call of next waits until a sandbox changed.
func (w *world) changes(t *testing.T, id string) (next func() error) {
	t.Helper()
	resp, err := http.DefaultClient.Do(w.request(t, http.MethodGet, "/console/live", nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("status %d, %s", resp.StatusCode, got)
	}
	lines := bufio.NewReader(resp.Body)
	return func() error {
		for {
			line, err := lines.ReadString('\n')
			if err != nil || strings.HasPrefix(line, "data: [") && strings.Contains(line, `"`+id+`"`) {
				return err
			}
		}
	}
}

func TestAPageLearnsOfChanges(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	next := w.changes(t, "qa")
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"a call", func() { w.applyToken(t, box) }},
		{"a token that is revoked elsewhere", func() {
			issued, err := w.Tokens(t.Context(), box)
			if err != nil || len(issued) != 1 {
				t.Fatalf("%d tokens, %v", len(issued), err)
			}
			if _, err := w.ChangeToken(t.Context(), box, issued[0].ID, tokens.Revoked); err != nil {
				t.Error(err)
			}
		}},
		{"a clock that is moved elsewhere", func() { w.advance(t, box, time.Hour) }},
		{"a scenario that is played elsewhere", func() { w.play(t, box, play.Playing{Name: throttled}) }},
		{"a scenario that is stopped elsewhere", func() {
			if err := w.StopPlaying(t.Context(), box, throttled); err != nil {
				t.Error(err)
			}
		}},
		{"a journal that is cleared elsewhere", func() {
			if err := w.ClearJournal(t.Context(), box); err != nil {
				t.Error(err)
			}
		}},
		{"a reset", func() {
			if err := w.Reset(t.Context(), box); err != nil {
				t.Error(err)
			}
		}},
		{"its end", func() {
			if err := w.RemoveSandbox(t.Context(), "qa"); err != nil {
				t.Error(err)
			}
		}},
	} {
		step.change()
		if err := next(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
}

func TestChangesEndWithTheEmulator(t *testing.T) {
	t.Parallel()
	w := open(t)
	next := w.changes(t, sandbox.Default)
	w.Stop()
	if err := next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ends with %v", err)
	}
}

// TestTooManyPages are told so: a browser does not ask again for a stream that is refused.
func TestTooManyPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	for range steer.MaxWatches {
		watch, err := w.Watch()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(watch.Close)
	}
	w.pageOf(t, "/console/live", http.StatusTooManyRequests).has(t, "Too Many Requests", "at most 200")
	w.pageOf(t, "/console/calls", http.StatusOK)
}
