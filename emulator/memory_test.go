//go:build !race

package emulator_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
)

// The race detector makes pools forget at random, so that allocations cannot be compared.

// TestObservingCostsNoMemory compares calls with and without somebody who watches. Of several measurements the least
// counts: now and then the store grows.
func TestObservingCostsNoMemory(t *testing.T) {
	cost := func(o emulator.Options) float64 {
		w := newWorldWith(t, o)
		out := &discardWriter{header: http.Header{}}
		least := math.Inf(1)
		for range 8 {
			least = min(least, testing.AllocsPerRun(100, func() {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nowhere", http.NoBody)
				w.handler.ServeHTTP(out, req)
			}))
		}
		return least
	}
	off := cost(emulator.Options{})
	on := cost(emulator.Options{Observe: func(context.Context, emulator.Observation) {}})
	if on > off {
		t.Errorf("%v allocations with an observer, %v without", on, off)
	}
}

// TestMemoryOfACall bounds how many pieces of memory a signed call takes from its request to its entry in the journal.
// It takes 66; a library may come to need a few more.
func TestMemoryOfACall(t *testing.T) {
	const most, calls = 70, 100
	w := newWorldWith(t, emulator.Options{}, noQuota)
	out := &discardWriter{header: http.Header{}}
	least := math.Inf(1)
	for range 8 {
		var ready []*http.Request
		for range calls + 1 { // AllocsPerRun makes one more, which does not count
			req, err := w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20").HTTP()
			if err != nil {
				t.Fatal(err)
			}
			ready = append(ready, req)
		}
		least = min(least, testing.AllocsPerRun(calls, func() {
			w.handler.ServeHTTP(out, ready[0])
			ready = ready[1:]
		}))
		if out.status != http.StatusOK {
			t.Fatalf("status %d: %s", out.status, out.last)
		}
	}
	if least > most {
		t.Errorf("%v allocations, want at most %d", least, most)
	}
}
