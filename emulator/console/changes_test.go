package console_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

// changes follows the changes of a sandbox; each call of next waits for one.
func (w *world) changes(t *testing.T, id string) (next func() error) {
	t.Helper()
	resp, err := http.DefaultClient.Do(w.request(t, http.MethodGet, "/console/changes?sandbox="+id, nil))
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
			if err != nil || line == "event: change\n" {
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
		{"the beginning", func() {}},
		{"a call", func() { w.applyToken(t, box) }},
		{"a reset", func() {
			if err := w.Reset(t.Context(), box); err != nil {
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
	if err := next(); err != nil {
		t.Fatal(err)
	}
	w.Stop()
	if err := next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ends with %v", err)
	}
}

func TestThereAreNoChangesOfAnUnknownSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pageOf(t, "/console/changes?sandbox=none", http.StatusNotFound)
}
