package emulator_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
)

// mined is a store that panics at a step of a kind while it is armed.
type mined struct {
	storetest.Spy
	armed atomic.Pointer[string]
}

func newMined() *mined {
	m := &mined{Spy: storetest.Spy{Store: memory.New()}}
	m.Before = func(step store.Step) error {
		if armed := m.armed.Load(); armed != nil && fmt.Sprintf("%T", step) == *armed {
			panic("stepped on a mine with acs-secret in it")
		}
		return nil
	}
	return m
}

func (m *mined) arm(step string) { m.armed.Store(&step) }

// TestPanics over a real socket: the provider's internal error with the stack in the journal, or our own where no
// provider has the word yet. The server lives on either way, on the same connection.
func TestPanics(t *testing.T) {
	t.Parallel()
	for method, c := range map[string]struct {
		want      string
		journaled bool
	}{
		"*store.Claim":     {`"Code":"InternalError"`, true},           // while the nonce is spent
		"*store.Increment": {`"title":"Internal Server Error"`, false}, // while the call gets its number
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			mines := newMined()
			w := newWorldWith(t, emulator.Options{Store: mines, Log: slog.New(slog.NewTextHandler(&log, nil))})
			conn := dial(t, w.serveWithin(t, listen.Limits{}))
			call := func() (int, string) {
				if err := w.apply(t.Context(), t).Write(conn); err != nil {
					t.Fatal(err)
				}
				return answerOn(t, conn)
			}
			mines.arm(method)
			status, body := call()
			if status != http.StatusInternalServerError || !strings.Contains(body, c.want) {
				t.Errorf("%d %s", status, body)
			}
			mines.arm("")
			if status, body := call(); status != http.StatusOK {
				t.Errorf("the next call: %d %s", status, body)
			}
			entries := w.entries(t, w.box, 0)
			if !c.journaled {
				if text := log.String(); len(entries) != 1 || !strings.Contains(text, "panic_test.go") || strings.Contains(text, "acs-secret") {
					t.Errorf("%d entries, log: %s", len(entries), text)
				}
				return
			}
			e := entries[0]
			if e.Outcome != "InternalError" || !strings.Contains(e.Panic, "panic_test.go") || strings.Contains(e.Panic, "acs-secret") {
				t.Errorf("%s, stack %s", e.Outcome, e.Panic)
			}
		})
	}
}
