package journal_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// numbered are n entries with the ids "r<first>" and on.
func numbered(first, n int) []journal.Entry {
	entries := make([]journal.Entry, n)
	for i := range entries {
		entries[i] = journal.Entry{ID: "r" + strconv.Itoa(first+i)}
	}
	return entries
}

func list(tb testing.TB, j *journal.Journal, f journal.Filter) journal.Page {
	tb.Helper()
	page, err := j.List(tb.Context(), f)
	if err != nil {
		tb.Fatalf("List: %v", err)
	}
	return page
}

func ids(p journal.Page) string {
	all := make([]string, len(p.Requests))
	for i, e := range p.Requests {
		all[i] = e.ID
	}
	return strings.Join(all, " ")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	add(t, j,
		journal.Entry{ID: "1", API: "onsmqtt", Operation: "onsmqtt.ApplyToken", Outcome: "ok"},
		journal.Entry{ID: "2", API: "onsmqtt", Operation: "onsmqtt.QueryToken", Outcome: "ok"},
		journal.Entry{ID: "3", API: "ccmessaging", Operation: "ccmessaging.ApplyToken", Outcome: "403"},
		journal.Entry{ID: "4", Outcome: "InvalidAction.NotFound"},
		journal.Entry{ID: "5", API: "onsmqtt", Operation: "onsmqtt.ApplyToken", Outcome: "ApplyTokenOverFlow"},
	)
	for _, c := range []struct {
		name   string
		filter journal.Filter
		want   string
	}{
		{"nothing selects all", journal.Filter{}, "1 2 3 4 5"},
		{"API", journal.Filter{API: "onsmqtt"}, "1 2 5"},
		{"full operation", journal.Filter{Operation: "onsmqtt.ApplyToken"}, "1 5"},
		{"short operation", journal.Filter{Operation: "ApplyToken"}, "1 3 5"},
		{"part of a name is no operation", journal.Filter{Operation: "Token"}, ""},
		{"outcome", journal.Filter{Outcome: "ok"}, "1 2"},
		{"all together", journal.Filter{API: "onsmqtt", Operation: "ApplyToken", Outcome: "ok"}, "1"},
		{"they must all hold", journal.Filter{API: "ccmessaging", Operation: "ApplyToken", Outcome: "ok"}, ""},
		{"after", journal.Filter{API: "onsmqtt", After: 1}, "2 5"},
		{"after the end", journal.Filter{After: 99}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if page := list(t, j, c.filter); ids(page) != c.want || page.Next != nil {
				t.Errorf("List(%+v) = %q, next %v, want %q, nil", c.filter, ids(page), page.Next, c.want)
			}
		})
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	for _, e := range numbered(1, 9) {
		e.Outcome = []string{"ok", "no"}[e.ID[1]%2]
		add(t, j, e)
	}
	for _, c := range []struct {
		name   string
		filter journal.Filter
		want   []string
	}{
		{"all", journal.Filter{Limit: 4}, []string{"r1 r2 r3 r4", "r5 r6 r7 r8", "r9"}},
		{"an exact end has no next", journal.Filter{Limit: 3}, []string{"r1 r2 r3", "r4 r5 r6", "r7 r8 r9"}},
		{"filtered", journal.Filter{Limit: 2, Outcome: "ok"}, []string{"r2 r4", "r6 r8"}},
		{"one page", journal.Filter{}, []string{"r1 r2 r3 r4 r5 r6 r7 r8 r9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for f := c.filter; ; {
				page := list(t, j, f)
				got = append(got, ids(page))
				if page.Next == nil {
					break
				}
				f.After = *page.Next
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	j := newJournal(t, store.Bound{Records: 5000, Bytes: 8 << 20})
	add(t, j, numbered(1, 1100)...)
	for _, c := range []struct{ limit, want int }{{0, 100}, {-5, 100}, {1, 1}, {250, 250}, {1000, 1000}, {5000, 1000}} {
		page := list(t, j, journal.Filter{Limit: c.limit})
		if len(page.Requests) != c.want || page.Next == nil || *page.Next != uint64(c.want) {
			t.Errorf("limit %d: %d entries, next %v, want %d", c.limit, len(page.Requests), page.Next, c.want)
		}
	}
}

func TestKeptPlusDroppedIsWhatCame(t *testing.T) {
	t.Parallel()
	j := newJournal(t, store.Bound{Records: 5, Bytes: 1000})
	large := journal.Entry{ID: "large", Panic: strings.Repeat("x", 2000)}
	for i := range 20 {
		add(t, j, numbered(i, 1)...)
		if i == 12 {
			add(t, j, large)
		}
		came := uint64(i + 1)
		if i >= 12 {
			came++
		}
		page := list(t, j, journal.Filter{})
		if got := uint64(len(page.Requests)) + page.Dropped; got != came {
			t.Fatalf("kept %d, dropped %d, want %d together", len(page.Requests), page.Dropped, came)
		}
	}
	if page := list(t, j, journal.Filter{}); ids(page) != "r15 r16 r17 r18 r19" || page.Dropped != 16 {
		t.Errorf("kept %q, dropped %d, want r15 to r19 and 16", ids(page), page.Dropped)
	}
	if page := list(t, j, journal.Filter{API: "none"}); page.Dropped != 16 {
		t.Errorf("dropped %d on an empty page, want 16", page.Dropped)
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	j := newJournal(t, store.Bound{Records: 5, Bytes: 1000})
	add(t, j, numbered(1, 8)...)
	if err := j.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page := list(t, j, journal.Filter{}); ids(page) != "" || page.Dropped != 0 || page.Next != nil {
		t.Errorf("after Clear: %q, dropped %d, want nothing", ids(page), page.Dropped)
	}
	add(t, j, numbered(9, 6)...)
	page := list(t, j, journal.Filter{})
	if ids(page) != "r10 r11 r12 r13 r14" || page.Dropped != 1 {
		t.Errorf("kept %q, dropped %d, want r10 to r14 and 1", ids(page), page.Dropped)
	}
	if seq := page.Requests[0].Seq; seq != 10 {
		t.Errorf("numbers go on at %d, want 10", seq)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	j := newJournal(t, store.Bound{Records: 3, Bytes: 10000})
	add(t, j, numbered(1, 4)...)
	add(t, j, journal.Entry{ID: "r4", Outcome: "later"})
	for _, c := range []struct {
		id      string
		outcome string
		unknown bool
	}{{"r3", "", false}, {"r4", "later", false}, {"r1", "", true}, {"", "", true}, {"R3", "", true}} {
		e, err := j.Get(t.Context(), c.id)
		if errors.Is(err, journal.ErrUnknown) != c.unknown || e.Outcome != c.outcome || (!c.unknown && e.ID != c.id) {
			t.Errorf("Get(%q) = %q %q, %v", c.id, e.ID, e.Outcome, err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	j, e := newJournal(b, journal.DefaultBound), full()
	e.Response.Body = `{"Token":"LzMT+` + strings.Repeat("XLFl5uYqg6CeJy8vGpZq/AUkMrLwBV8E3dTAxE", 12) + `"}`
	for range 1000 {
		add(b, j, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := j.List(b.Context(), journal.Filter{Limit: 1000}); err != nil {
			b.Fatal(err)
		}
	}
}
