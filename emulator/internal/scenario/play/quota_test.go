package play_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

func quota(rate, burst string) string {
	return document("limit", "quota: {rate: "+rate+", burst: "+burst+", over: {fail: ApplyTokenOverFlow}}")
}

// callsWithin asks until a call is over the quota, at most 20 times, and counts the calls before it.
func (b *box) callsWithin() int {
	b.Helper()
	for n := range 20 {
		if b.outcome() == over {
			return n
		}
	}
	return 20
}

func TestQuota(t *testing.T) {
	t.Parallel()
	type wait struct {
		time time.Duration
		want int // calls within the quota after the wait
	}
	tests := map[string]struct {
		rate, burst string
		waits       []wait
	}{
		"burst, then one by one":       {"2/s", "3", []wait{{0, 3}, {500 * time.Millisecond, 1}, {time.Second, 2}}},
		"never more than the burst":    {"2/s", "3", []wait{{time.Hour, 3}, {100 * 365 * 24 * time.Hour, 3}}},
		"a little more than the burst": {"1/s", "3", []wait{{0, 3}, {4 * time.Second, 3}}},
		"a full bucket keeps no fraction": {
			"1/s", "1", []wait{{0, 1}, {1900 * time.Millisecond, 1}, {100 * time.Millisecond, 0}},
		},
		"a frozen clock never refills": {"5/s", "5", []wait{{0, 5}, {0, 0}, {0, 0}}},
		"just too early":               {"1/s", "1", []wait{{0, 1}, {time.Second - 1, 0}, {1, 1}}},
		"thirds are not lost": {
			"3/s", "2", []wait{{0, 2}, {333_333_333, 0}, {1, 1}, {333_333_333, 1}, {333_333_333, 1}},
		},
		"a day": {"1/d", "1", []wait{{0, 1}, {24*time.Hour - 1, 0}, {1, 1}}},
		"the largest rate per day, then the longest wait": {
			"1000000/d", "10", []wait{{0, 10}, {86399999, 0}, {1, 1}, {200 * 365 * 24 * time.Hour, 10}},
		},
		"a clock set back by an hour": {"1/s", "1", []wait{{0, 1}, {-time.Hour, 0}, {time.Second, 1}}},
		"a call slightly out of order refills nothing": {
			"1/s", "1", []wait{{0, 1}, {-time.Millisecond, 0}, {time.Second, 0}, {time.Millisecond, 1}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(quota(test.rate, test.burst))
			for i, w := range test.waits {
				b.now = b.now.Add(w.time)
				if got := b.callsWithin(); got != w.want {
					t.Errorf("wait %d: %d calls are within, want %d", i, got, w.want)
				}
			}
		})
	}
}

// TestQuotaSaysHowLongItLasts waits as long as a call over the quota is told, and not a nanosecond less.
func TestQuotaSaysHowLongItLasts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate string
		want time.Duration
	}{
		"a second":      {"1/s", time.Second},
		"thirds":        {"3/s", 333_333_334},
		"a day":         {"1/d", 24 * time.Hour},
		"many a day":    {"1000000/d", 86_400_000},
		"half a minute": {"2/m", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(quota(c.rate, "1"))
			b.decide(b.ask(nil))
			if d := b.decide(b.ask(nil)); d.Fault == nil || d.Fault.RetryAfter != c.want {
				t.Fatalf("%+v, want %s left", d.Fault, c.want)
			}
			b.now = b.now.Add(c.want - 1)
			d := b.decide(b.ask(nil))
			if d.Fault == nil || d.Fault.RetryAfter != 1 {
				t.Errorf("%+v, want a nanosecond left", d.Fault)
			}
			b.now = b.now.Add(1)
			if d := b.decide(b.ask(nil)); d.Fault != nil {
				t.Errorf("still over the quota: %+v", d.Fault)
			}
		})
	}
}

func TestQuotaLetsCallsWithinGoOn(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(quota("1/s", "2") + "  - {on: onsmqtt.ApplyToken, script: [fail: InternalError]}\n")
	d := b.decide(b.ask(nil))
	want := []scenario.Miss{{
		Scenario: "limit", Condition: "quota",
		Expected: "a call beyond 1 in 1s, 2 at once", Got: "a call within, 1 left",
	}}
	if diff := cmp.Diff(want, d.Misses); diff != "" || outcomeOf(d) != failed {
		t.Errorf("%s, misses (-want +got):\n%s", outcomeOf(d), diff)
	}
	if diff := cmp.Diff([]string{failed, over, over}, b.outcomes(3)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	left := uint64(0)
	s, _ := b.status("limit")
	wantStatus := play.RuleStatus{On: "onsmqtt.ApplyToken", CursorStatus: play.CursorStatus{Taken: 2, Left: &left}}
	if diff := cmp.Diff(wantStatus, s.Rules[0]); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestQuotaIsExactForManyCallers(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(quota("10/s", "100"))
	in := b.ask(nil)
	var end sync.WaitGroup
	var within atomic.Int64
	for range 64 {
		end.Go(func() {
			for range 10 {
				if d := b.decide(in); !d.Decided {
					within.Add(1)
				}
			}
		})
	}
	end.Wait()
	if within.Load() != 100 {
		t.Errorf("%d calls were within a quota of 100", within.Load())
	}
}

// TestQuotaBeyondAnyDocument has a rate so large that no document can give it, and refilling must not overflow.
func TestQuotaBeyondAnyDocument(t *testing.T) {
	t.Parallel()
	made := &scenario.Scenario{Name: "made", Rules: []scenario.Rule{{On: []string{"*"}, Quota: &scenario.Quota{
		Calls: math.MaxInt, Per: 1, Burst: 1, Over: scenario.Step{Fail: &scenario.Fail{Code: over}, Times: 1, Chance: 1},
	}}}}
	defaults, err := play.NewDefaults(made)
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t, play.NewEngine(play.Options{Defaults: defaults}))
	for _, want := range []int{1, 1} {
		if got := b.callsWithin(); got != want {
			t.Errorf("%d calls are within, want %d", got, want)
		}
		b.now = b.now.Add(time.Hour)
	}
}
