package console_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// settleTime is more than the stream waits between two events, and far less than it is silent without a sign of life.
const settleTime = time.Second

// A page that was away asks for everything, and is told what it missed.
func TestAPageThatWasAwayIsToldWhatItMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		b.call(t, b.create(t, sandbox.Definition{ID: "gone"}))
		b.call(t, b.box)
		f := b.follow(t, "")
		want := []string{place(2, 1, "default"), place(1, 1, "gone")}
		if rows := ids(f.page); !cmp.Equal(rows, want) {
			t.Errorf("the page has rows %v, want %v", rows, want)
		}
		if n := f.ask(t, nil, false); n.Rows != "" || n.Skipped != 0 || len(n.Cleared) != 0 {
			t.Errorf("nothing happened, and it is told %+v", n)
		}
		b.call(t, b.box)
		b.call(t, b.create(t, sandbox.Definition{ID: "new"}))
		if err := b.RemoveSandbox(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		n := f.ask(t, nil, false)
		want = []string{place(4, 1, "new"), place(3, 2, "default")}
		if rows := ids(n.Rows); !cmp.Equal(rows, want) || !cmp.Equal(n.Cleared, []string{"gone"}) || n.First["default"] != 1 {
			t.Errorf("told %+v with rows %v, want %v", n, rows, want)
		}
	})
}

// A server that was started again has another journal: what the page knew is gone, whatever is numbered like it.
func TestAPageOfAnotherRunIsToldThatItsCallsAreGone(t *testing.T) {
	t.Parallel()
	for _, since := range []int{0, 1, 3} {
		t.Run(strconv.Itoa(since)+" calls since", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				before := newBubble(t, emulator.Options{})
				before.call(t, before.box)
				before.call(t, before.box)
				f := before.follow(t, "")
				f.bubble = newBubble(t, emulator.Options{})
				f.bubble.real.Pass(time.Hour)
				for range since {
					f.bubble.call(t, f.bubble.box)
				}
				n := f.ask(t, nil, false)
				if !cmp.Equal(n.Cleared, []string{"default"}) || len(ids(n.Rows)) != since {
					t.Errorf("told %+v", n)
				}
			})
		})
	}
}

// The counts come with the news where they are asked for.
func TestNewsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		f := b.follow(t, "?kind=failed")
		b.call(t, b.box)
		b.stray(t)
		if n := f.ask(t, nil, true); !strings.Contains(n.Survey, "All <b>2</b>") || !strings.Contains(n.Survey, "Failures <b>1</b>") {
			t.Errorf("the counts are %s", n.Survey)
		}
	})
}

// arrival is when the nth call of a bubble came, in nanoseconds.
func arrival(n int) int64 { return start.Add(time.Duration(n) * time.Millisecond).UnixNano() }

// place is the id of a row without its prefix.
func place(n, seq int, box string) string {
	return strconv.FormatInt(arrival(n), 10) + "_" + strconv.Itoa(seq) + "_" + box
}

func TestACallReachesThePageOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		b.call(t, b.box)
		f := b.follow(t, "")
		b.call(t, b.box)
		e := f.one(t, settleTime)
		if rows := ids(e.Rows); !cmp.Equal(rows, []string{place(2, 2, "default")}) {
			t.Errorf("event %+v with rows %v", e, rows)
		}
		f.none(t, settleTime)
	})
}

// numbers tell which calls of the bubble some rows are about, by when they came.
func numbers(t *testing.T, rows []string) (all []int) {
	t.Helper()
	for _, id := range rows {
		nanos, _, _ := strings.Cut(id, "_")
		at, err := strconv.ParseInt(nanos, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, int((at-start.UnixNano())/int64(time.Millisecond)))
	}
	return all
}

func TestTheStreamKeepsToItsFilter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query string
		want  []int // of call in default, stray call, call in qa
	}{
		"none":           {"", []int{3, 2, 1}},
		"all sandboxes":  {"?sandbox=*", []int{3, 2, 1}},
		"a sandbox":      {"?sandbox=qa", []int{3}},
		"another one":    {"?sandbox=default", []int{2, 1}},
		"API":            {"?api=ccmessaging", []int{3, 1}},
		"operation":      {"?operation=tokenByAkSk", []int{3, 1}},
		"outcome":        {"?outcome=ok", []int{3, 1}},
		"any but ok":     {"?outcome=!ok", []int{2}},
		"several":        {"?sandbox=default&api=ccmessaging&outcome=ok", []int{1}},
		"nothing at all": {"?api=ccmessaging&operation=onsmqtt.ApplyToken", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, emulator.Options{})
				qa := b.create(t, sandbox.Definition{ID: "qa"})
				f := b.follow(t, test.query)
				b.call(t, b.box)
				b.stray(t)
				b.call(t, qa)
				if got := numbers(t, shown(nil, f.after(t, settleTime))); !slices.Equal(got, test.want) {
					t.Errorf("calls %v, want %v", got, test.want)
				}
			})
		})
	}
}

// What was emptied is said before what came since, also when that is numbered as the calls before.
func TestClearedCallsLeaveThePage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(ctx context.Context, b *bubble, qa *sandbox.Sandbox) error
		rows []string // of one more call; nil for none
	}{
		"cleared": {
			func(ctx context.Context, b *bubble, qa *sandbox.Sandbox) error { return b.ClearJournal(ctx, qa) },
			[]string{place(3, 3, "qa")},
		},
		"reset": {
			func(ctx context.Context, b *bubble, qa *sandbox.Sandbox) error { return b.Reset(ctx, qa) },
			[]string{place(3, 1, "qa")},
		},
		"removed": {
			func(ctx context.Context, b *bubble, qa *sandbox.Sandbox) error { return b.RemoveSandbox(ctx, qa.ID) },
			nil,
		},
	} {
		for _, since := range []int{0, 1} { // calls between the beginning of the stream and the end of the calls
			t.Run(name+" after "+strconv.Itoa(since), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newBubble(t, emulator.Options{})
					qa := b.create(t, sandbox.Definition{ID: "qa"})
					b.call(t, qa)
					if since == 0 {
						b.call(t, qa)
					}
					f := b.follow(t, "")
					page := ids(f.page)
					if since == 1 {
						b.call(t, qa)
						page = shown(page, []callNews{f.one(t, settleTime)})
					}
					if err := test.end(t.Context(), b, qa); err != nil {
						t.Fatal(err)
					}
					if test.rows != nil {
						b.call(t, qa)
					}
					if got := shown(page, f.after(t, settleTime)); !slices.Equal(got, test.rows) {
						t.Errorf("rows %v of %v, want %v", got, page, test.rows)
					}
				})
			})
		}
	}
}

// The clock at the top of the page is that of its sandbox; calls, and clocks of others, do not move it.
func TestThePageLearnsThatItsClockWasMoved(t *testing.T) {
	t.Parallel()
	frozen, runs := true, false
	for name, test := range map[string]struct {
		box    string
		change sandbox.ClockChange
		want   int
	}{
		"advanced":       {"qa", sandbox.ClockChange{Advance: time.Minute}, 1},
		"frozen":         {"qa", sandbox.ClockChange{Frozen: &frozen}, 1},
		"runs as before": {"qa", sandbox.ClockChange{Frozen: &runs}, 0},
		"another one":    {sandbox.Default, sandbox.ClockChange{Advance: time.Minute}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, emulator.Options{})
				qa := b.create(t, sandbox.Definition{ID: "qa"})
				f := b.follow(t, "?sandbox=qa")
				b.call(t, qa)
				f.one(t, settleTime)
				box, err := b.Sandboxes().Get(t.Context(), test.box)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.ChangeClock(t.Context(), box, test.change); err != nil {
					t.Fatal(err)
				}
				b.call(t, qa)
				f.after(t, settleTime)
				if f.moved != test.want {
					t.Errorf("told %d times, want %d", f.moved, test.want)
				}
			})
		})
	}
}

func TestASandboxMadeLaterIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		f := b.follow(t, "")
		b.call(t, b.create(t, sandbox.Definition{ID: "new"}))
		if rows := ids(f.one(t, settleTime).Rows); !cmp.Equal(rows, []string{place(1, 1, "new")}) {
			t.Errorf("rows %v", rows)
		}
	})
}

// A sandbox whose time is over goes without a word; the sign of life finds that out.
func TestASandboxWhoseTimeIsOverLeavesThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		b.call(t, b.create(t, sandbox.Definition{ID: "brief", TTL: "1m"}))
		f := b.follow(t, "")
		b.real.Pass(2 * time.Minute)
		if e := f.one(t, 17*time.Second); !cmp.Equal(e.Cleared, []string{"brief"}) {
			t.Errorf("cleared %v", e.Cleared)
		}
	})
}

// Thousands of calls a second come as a few events with the newest of them.
func TestAFloodIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{Journal: store.Bound{Records: 5000}})
		f := b.follow(t, "")
		b.call(t, b.box)
		if n := len(ids(f.one(t, 0).Rows)); n != 1 { // at once: nothing came before it
			t.Fatalf("%d rows", n)
		}
		const flood = 3000
		for range flood {
			b.call(t, b.box)
		}
		f.none(t, 100*time.Millisecond)
		e := f.one(t, settleTime)
		rows := ids(e.Rows)
		if len(rows) != 200 || e.Skipped != flood-200 || rows[0] != place(flood+1, flood+1, "default") {
			t.Errorf("%d rows and %d skipped of %d, the first %s", len(rows), e.Skipped, flood, rows[0])
		}
		if !strings.Contains(e.Rows, "2800 calls came too fast") {
			t.Errorf("the rows do not say that some are missing: %s", e.Rows[len(e.Rows)-300:])
		}
	})
}

func TestEventsComeAFewTimesASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		f := b.follow(t, "")
		var all []callNews
		for range 100 { // in a second
			b.call(t, b.box)
			all = append(all, f.after(t, 10*time.Millisecond)...)
		}
		all = append(all, f.after(t, settleTime)...)
		seen := map[string]int{}
		for _, e := range all {
			for _, id := range ids(e.Rows) {
				seen[id]++
			}
		}
		if len(all) > 7 || len(seen) != 100 || slices.ContainsFunc(all, func(e callNews) bool { return e.Skipped != 0 }) {
			t.Errorf("%d events with %d calls", len(all), len(seen))
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s came %d times", id, times)
			}
		}
	})
}

// Calls that gave way in the journal before they could be read count as skipped.
func TestCallsThatGaveWayAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{Journal: store.Bound{Records: 50}})
		f := b.follow(t, "")
		b.call(t, b.box)
		f.one(t, 0)
		for range 120 {
			b.call(t, b.box)
		}
		if e := f.one(t, settleTime); len(ids(e.Rows))+e.Skipped != 120 || e.Skipped < 70 {
			t.Errorf("%d rows and %d skipped of 120", len(ids(e.Rows)), e.Skipped)
		}
	})
}

// Pages take twelve seconds without a word for a server that hangs.
func TestASilentStreamShowsThatItIsAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		f := b.follow(t, "")
		if changes, beats := f.frames(t, time.Minute+time.Second); len(changes) != 0 || beats != 15 {
			t.Errorf("%d changes and %d signs of life in a minute", len(changes), beats)
		}
	})
}

func TestTheStreamEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bubble, f *follower){
		"with the browser":    func(_ *bubble, f *follower) { f.leave() },
		"with the emulator":   func(b *bubble, _ *follower) { b.Stop() },
		"with its connection": func(_ *bubble, f *follower) { f.breaks(errors.New("broken pipe")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, emulator.Options{})
				f := b.follow(t, "")
				end(b, f)
				b.call(t, b.box)
				f.none(t, settleTime)
				select {
				case <-f.ended:
				default:
					t.Error("the stream goes on")
				}
				open := 0 // its watch is closed: there is room for as many as ever
				for {
					if _, err := b.Watch(); err != nil {
						break
					}
					open++
				}
				if open != steer.MaxWatches {
					t.Errorf("room for %d watches", open)
				}
			})
		})
	}
}

// What is no question is refused, and what is about nothing that there is.
func TestBadQuestionsForNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		for name, test := range map[string]struct {
			query, body string
			want        int
		}{
			"no JSON":             {"", "x", 400},
			"too long":            {"", `{"marks":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`, 400},
			"an unknown API":      {"?api=none", "{}", 400},
			"an unknown kind":     {"?kind=bad", "{}", 400},
			"a bad time":          {"?from=noon", "{}", 400},
			"more than is sought": {"?q=" + strings.Repeat("x", 1001), "{}", 400},
			"broken marks":        {"", `{"marks":{"default":"-1.x"},"sandboxes":["default"]}`, 200},
			"no such sandbox":     {"?sandbox=none", `{"sandboxes":["none"]}`, 200},
		} {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/console/calls/news"+test.query, strings.NewReader(test.body))
			if b.console.ServeHTTP(w, r); w.Code != test.want {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}
