//go:build !race

package emulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// The race detector makes pools forget at random, so that allocations cannot be compared.

// cost is what a usual call of an operation takes, from its request to its entry in the journal. It does not depend on
// the machine.
type cost struct {
	Allocations uint64 `json:"allocations"`
	Trips       int64  `json:"trips"` // to the store
}

// costsFile holds the cost of every operation, as it is meant to be.
var costsFile = filepath.Join("testdata", "costs.json")

// TestCosts compares what a call costs with what is written down, and shows both where they differ. A library or
// another Go may need a few allocations more or fewer; what differs by more is a change that somebody must have meant:
// then -update writes it down. The time of a call is shown by -v, and not judged.
func TestCosts(t *testing.T) {
	got, times := map[string]cost{}, map[string]time.Duration{}
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			var c cost
			c.Allocations, times[op.Name] = allocationsOf(t, op)
			c.Trips = tripsOf(t, op)
			got[op.Name] = c
		}
	}
	if *update {
		writeCosts(t, got)
	}
	want := readCosts(t)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is in %s and is no operation", name, costsFile)
		}
	}
	different := slices.DeleteFunc(slices.Sorted(maps.Keys(got)), func(name string) bool {
		return got[name].near(want[name])
	})
	if len(different) > 0 {
		t.Errorf("what calls cost is not what %s says; write it down with -update if that is meant:\n%s", costsFile,
			costTable(different, want, got, times))
		return
	}
	t.Logf("\n%s", costTable(slices.Sorted(maps.Keys(got)), want, got, times))
}

// near reports whether a cost is another one, but for the few allocations by which Go and libraries differ.
func (c cost) near(other cost) bool {
	const few = 0.03
	room := max(1, few*float64(other.Allocations))
	return c.Trips == other.Trips && math.Abs(float64(c.Allocations)-float64(other.Allocations)) <= room
}

// usual returns a request for a usual call of an operation. What it needs, such as a code, is asked for before.
func usual(t *testing.T, w *world, op *contract.Operation) *http.Request {
	t.Helper()
	text, body := w.example(t, op)
	if _, takesOne := text["Token"]; takesOne {
		text["Token"], text["InstanceId"] = w.mqttToken(t), applyTokenRequest().Query.Get("InstanceId")
	}
	req, err := driverOf(op).valid(t, w, op, text, body).HTTP()
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// withoutQuotas switches the quotas of all operations off.
func withoutQuotas(t *testing.T) func(*sandbox.Definition) {
	t.Helper()
	off := map[string]string{}
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			if op.Quota != nil {
				off[op.Name] = "off"
			}
		}
	}
	return func(d *sandbox.Definition) { d.Quotas = off }
}

// allocationsOf counts the pieces of memory that a call takes, and measures its time. Of many calls the least counts: now
// and then the store grows, and something else runs.
func allocationsOf(t *testing.T, op *contract.Operation) (least uint64, took time.Duration) {
	t.Helper()
	const calls = 50
	w := newWorldWith(t, emulator.Options{}, withoutQuotas(t))
	out := &discardWriter{header: http.Header{}}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	least, took = math.MaxUint64, math.MaxInt64
	for range calls {
		req := usual(t, w, op)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		w.handler.ServeHTTP(out, req)
		took = min(took, time.Since(began))
		runtime.ReadMemStats(&after)
		if out.status/100 != 2 {
			t.Fatalf("%s: status %d: %s", op.Name, out.status, out.last)
		}
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return least, took
}

// tripsOf counts the accesses to the store of a call that is not the first of its kind.
func tripsOf(t *testing.T, op *contract.Operation) int64 {
	t.Helper()
	w, spy := spied(t, withoutQuotas(t))
	out, trips := &discardWriter{header: http.Header{}}, int64(0)
	for range 2 {
		req := usual(t, w, op)
		spy.Trips() // those of what came before
		w.handler.ServeHTTP(out, req)
		trips = spy.Trips()
	}
	return trips
}

func readCosts(t *testing.T) map[string]cost {
	t.Helper()
	raw, err := os.ReadFile(costsFile)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]cost
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", costsFile, err)
	}
	return all
}

// writeCosts writes a line for each operation.
func writeCosts(t *testing.T, all map[string]cost) {
	t.Helper()
	var text bytes.Buffer
	text.WriteString("{")
	separator := "\n"
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s  %q: {\"allocations\": %d, \"trips\": %d}", separator, name, all[name].Allocations, all[name].Trips)
		separator = ",\n"
	}
	text.WriteString("\n}\n")
	if err := os.WriteFile(costsFile, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// costTable shows what was written down beside what is.
func costTable(names []string, want, got map[string]cost, times map[string]time.Duration) string {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tallocations\twritten down\ttrips\twritten down\tµs, least\t")
	for _, name := range names {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%.1f\t\n", name, got[name].Allocations, want[name].Allocations,
			got[name].Trips, want[name].Trips, float64(times[name].Nanoseconds())/1000)
	}
	_ = table.Flush()
	return text.String()
}
