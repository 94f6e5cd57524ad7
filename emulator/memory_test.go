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
