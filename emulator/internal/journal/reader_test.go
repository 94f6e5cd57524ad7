package journal_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// log is a journal with names for what tests do to it.
type log struct {
	*testing.T
	*journal.Journal
	space store.Space
}

func newLog(t *testing.T, records int) log {
	t.Helper()
	space := memory.New().Space("box")
	return log{t, journal.New(space, journal.NewViewer(sandbox.NewSecrets()), store.Bound{Records: records, Bytes: 1 << 20}), space}
}

func (l log) call(ids ...string) {
	l.Helper()
	for _, id := range ids {
		if err := l.Append(l.Context(), &journal.Entry{ID: id, API: "onsmqtt", Outcome: "ok"}); err != nil {
			l.Fatal(err)
		}
	}
}

// expect reads on and compares: ids, whether the journal was cleared and how many were missed.
func (l log) expect(r *journal.Reader, cleared bool, missed uint64, ids ...string) {
	l.Helper()
	got, err := r.Next(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	var seen []string
	for _, record := range got.Records {
		s, e := record.Summary(), record.Entry()
		if e.ID != s.ID || e.Seq != s.Seq {
			l.Errorf("summary %s %d, entry %s %d", s.ID, s.Seq, e.ID, e.Seq)
		}
		seen = append(seen, s.ID)
	}
	if got.Cleared != cleared || got.Missed != missed || !slices.Equal(seen, ids) {
		l.Errorf("read %q, cleared %t, missed %d; want %q, %t, %d", seen, got.Cleared, got.Missed, ids, cleared, missed)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(log, *journal.Reader){
		"only what is new": func(l log, r *journal.Reader) {
			l.call("a", "b")
			l.expect(r, false, 0, "a", "b")
			l.expect(r, false, 0)
			l.call("c")
			l.expect(r, false, 0, "c")
		},
		"from the empty journal on": func(l log, r *journal.Reader) {
			l.expect(r, false, 0)
			l.call("a")
			l.expect(r, false, 0, "a")
		},
		"from a place on": func(l log, _ *journal.Reader) {
			l.call("a", "b")
			r := l.Reader(1)
			l.expect(r, false, 0, "b")
			r = l.Reader(2)
			l.expect(r, false, 0)
			l.call("c")
			l.expect(r, false, 0, "c")
		},
		"those that gave way are counted": func(l log, r *journal.Reader) {
			l.call("a")
			l.expect(r, false, 0, "a")
			l.call("b", "c", "d", "e", "f")
			l.expect(r, false, 2, "d", "e", "f")
			l.call("g")
			l.expect(r, false, 0, "g")
		},
		"cleared while empty": func(l log, r *journal.Reader) {
			l.call("a", "b")
			l.expect(r, false, 0, "a", "b")
			l.must(l.Clear(l.Context()))
			l.expect(r, true, 0)
			l.expect(r, false, 0)
		},
		"cleared and filled again": func(l log, r *journal.Reader) {
			l.call("a", "b", "c", "d") // one gave way
			l.expect(r, false, 0, "b", "c", "d")
			l.must(l.Clear(l.Context()))
			l.call("e")
			l.expect(r, true, 0, "e")
		},
		"began anew with fewer": func(l log, r *journal.Reader) {
			l.call("a", "b")
			l.expect(r, false, 0, "a", "b")
			l.must(l.space.Clear(l.Context()))
			l.call("c")
			l.expect(r, true, 0, "c")
		},
		"began anew with as many": func(l log, r *journal.Reader) {
			l.call("a", "b")
			l.expect(r, false, 0, "a", "b")
			l.must(l.space.Clear(l.Context()))
			l.call("c", "d", "e")
			l.expect(r, true, 0, "c", "d", "e")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, 3)
			run(log{t, l.Journal, l.space}, l.Reader(0))
		})
	}
}

func (l log) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func TestReaderGoesOnBehindALongReading(t *testing.T) {
	t.Parallel()
	const calls = journal.MaxLimit + 10
	l := newLog(t, 2*calls)
	for i := range calls {
		l.call(fmt.Sprint(i))
	}
	r, seen := l.Reader(4), 0
	for range 3 {
		c, err := r.Next(t.Context())
		if err != nil || c.Cleared || c.Missed != 0 {
			t.Fatal(c.Cleared, c.Missed, err)
		}
		seen += len(c.Records)
	}
	if seen != calls-4 {
		t.Errorf("read %d of %d", seen, calls-4)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	l := newLog(t, 100)
	l.call("a", "b")
	l.must(l.Append(t.Context(), &journal.Entry{
		ID: "c", API: "appstream", Operation: "appstream.GetAuthCode", Outcome: "Throttling", Status: 400, Sandbox: "box",
		DurationMicros: 7, Decision: &journal.Decision{Scenario: "s", Rule: 1, Step: 2}, Request: journal.Request{URL: "/x"},
	}))
	l.call("d")
	for name, c := range map[string]struct {
		filter journal.Filter
		before uint64
		ids    []string
		older  bool
	}{
		"all":            {ids: []string{"d", "c", "b", "a"}},
		"the first page": {filter: journal.Filter{Limit: 2}, ids: []string{"d", "c"}, older: true},
		"the next page":  {filter: journal.Filter{Limit: 2}, before: 3, ids: []string{"b", "a"}},
		"of an API":      {filter: journal.Filter{API: "appstream"}, ids: []string{"c"}},
		"of an outcome":  {filter: journal.Filter{Outcome: "ok", Limit: 1}, ids: []string{"d"}, older: true},
		"of all but one": {filter: journal.Filter{Outcome: "!ok"}, ids: []string{"c"}},
		"none":           {filter: journal.Filter{Operation: "send"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, older, err := l.Recent(t.Context(), c.filter, c.before)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, s := range calls {
				ids = append(ids, s.ID)
			}
			if !slices.Equal(ids, c.ids) || older != c.older {
				t.Errorf("got %q, older %t; want %q, %t", ids, older, c.ids, c.older)
			}
		})
	}
	calls, _, err := l.Recent(t.Context(), journal.Filter{API: "appstream"}, 0)
	if err != nil || len(calls) != 1 {
		t.Fatal(calls, err)
	}
	if s := calls[0]; s.Seq != 3 || s.Status != 400 || s.Sandbox != "box" || s.DurationMicros != 7 || !cmp.Equal(*s.Decision, journal.Decision{Scenario: "s", Rule: 1, Step: 2}) {
		t.Errorf("the summary is %+v", s)
	}
}
