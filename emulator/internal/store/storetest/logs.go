package storetest

import (
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

var logCases = []testCase{
	{"a log that nothing was written to is empty", func(t tester) { t.wantLog("log", 1, 0, 0, nil) }},
	{"Append counts from 1 without gaps, each log for itself", func(t tester) {
		for i := range uint64(5) {
			t.append("log", "record", largeBound(), i+1)
		}
		t.append("other", "record", largeBound(), 1)
		t.append("log", "record", largeBound(), 6)
	}},
	{"Range returns records as they were appended, oldest first", func(t tester) {
		t.fill("log", largeBound(), "a", "", "\x00\xff", "d")
		t.wantLog("log", 1, 4, 0, []string{"1 a", "2 ", "3 \x00\xff", "4 d"})
	}},
	{"Range pages", checkPaging},
	{"the oldest records are dropped when there are more than the bound allows", func(t tester) {
		t.fill("log", store.Bound{Records: 2, Bytes: 100}, "a", "b", "c", "d", "e")
		t.wantLog("log", 4, 5, 3, []string{"4 d", "5 e"})
	}},
	{"the oldest records are dropped when their bytes exceed the bound", func(t tester) {
		bound := store.Bound{Records: 100, Bytes: 10}
		t.fill("log", bound, "aaaa", "bbb", "ccc")
		t.wantLog("log", 1, 3, 0, []string{"1 aaaa", "2 bbb", "3 ccc"})
		t.append("log", "d", bound, 4)
		t.wantLog("log", 2, 4, 1, []string{"2 bbb", "3 ccc", "4 d"})
		t.append("log", strings.Repeat("e", 10), bound, 5)
		t.wantLog("log", 5, 5, 4, []string{"5 eeeeeeeeee"})
	}},
	{"a record larger than the bound is dropped itself and uses its number", func(t tester) {
		bound := store.Bound{Records: 100, Bytes: 10}
		t.fill("log", bound, "aaaa", "bbbbbbbbbbb", "c", "ddddddddddd")
		t.wantLog("log", 1, 4, 2, []string{"1 aaaa", "3 c"})
	}},
	{"a log to which only a record larger than its bound was appended is empty", func(t tester) {
		t.fill("log", store.Bound{Records: 100, Bytes: 1}, "aa")
		t.wantLog("log", 2, 1, 1, nil)
	}},
	{"a smaller bound applies from the next record on", func(t tester) {
		t.fill("log", largeBound(), strings.Split(strings.Repeat("x", 99), "")...)
		t.append("log", "y", store.Bound{Records: 2, Bytes: 100}, 100)
		t.wantLog("log", 99, 100, 98, []string{"99 x", "100 y"})
		t.append("log", "z", largeBound(), 101)
		t.wantLog("log", 99, 101, 98, []string{"99 x", "100 y", "101 z"})
	}},
	{"Truncate drops the records, and the numbering goes on", func(t tester) {
		t.must(t.space.Truncate(t.ctx, "log"))
		t.fill("log", store.Bound{Records: 2, Bytes: 100}, "a", "b", "c")
		t.fill("other", largeBound(), "stays")
		t.must(t.space.Truncate(t.ctx, "log"))
		t.wantLog("log", 4, 3, 0, nil)
		t.append("log", "d", largeBound(), 4)
		t.wantLog("log", 4, 4, 0, []string{"4 d"})
		t.wantLog("other", 1, 1, 0, []string{"1 stays"})
	}},
	{"a long log keeps its latest records", checkLongLog},
	{"Reclaim leaves logs alone", func(t tester) {
		t.fill("log", largeBound(), "a")
		t.reclaim(startTime())
		t.wantLog("log", 1, 1, 0, []string{"1 a"})
	}},
}

// largeBound is a bound that no check reaches by accident.
func largeBound() store.Bound { return store.Bound{Records: 1000, Bytes: 1 << 20} }

// fill appends records to a new log.
func (t tester) fill(log string, bound store.Bound, records ...string) {
	t.Helper()
	for i, record := range records {
		t.append(log, record, bound, uint64(i)+1)
	}
}

// wantLog checks the records and the numbers of a log; want lists its records as "number data".
func (t tester) wantLog(log string, first, last, dropped uint64, want []string) {
	t.Helper()
	page := t.page(log, 0, 1000)
	if page.First != first || page.Last != last || page.Dropped != dropped {
		t.Errorf("log %q: first %d, last %d, dropped %d, want %d, %d, %d",
			log, page.First, page.Last, page.Dropped, first, last, dropped)
	}
	t.wantRecords(page.Records, want)
}

func (t tester) wantRecords(records []store.Record, want []string) {
	t.Helper()
	got := make([]string, len(records))
	for i, r := range records {
		got[i] = strconv.FormatUint(r.Seq, 10) + " " + string(r.Data)
	}
	if a, b := strings.Join(got, "|"), strings.Join(want, "|"); a != b {
		t.Errorf("records %q, want %q", a, b)
	}
}

func checkPaging(t tester) {
	t.fill("log", store.Bound{Records: 4, Bytes: 100}, "a", "b", "c", "d", "e", "f")
	for _, c := range []struct {
		after uint64
		limit int
		want  []string
	}{
		{0, 2, []string{"3 c", "4 d"}},
		{1, 2, []string{"3 c", "4 d"}},
		{2, 2, []string{"3 c", "4 d"}},
		{3, 2, []string{"4 d", "5 e"}},
		{4, 2, []string{"5 e", "6 f"}},
		{5, 2, []string{"6 f"}},
		{6, 2, nil},
		{1 << 63, 2, nil},
		{0, 0, nil},
		{0, -1, nil},
	} {
		page := t.page("log", c.after, c.limit)
		t.wantRecords(page.Records, c.want)
		if page.First != 3 || page.Last != 6 || page.Dropped != 2 {
			t.Errorf("after %d, limit %d: first %d, last %d, dropped %d, want 3, 6, 2",
				c.after, c.limit, page.First, page.Last, page.Dropped)
		}
	}
}

func checkLongLog(t tester) {
	bound := store.Bound{Records: 100, Bytes: 1 << 20}
	for i := range uint64(1234) {
		t.append("log", strconv.FormatUint(i+1, 10), bound, i+1)
		if i == 600 {
			t.must(t.space.Truncate(t.ctx, "log"))
		}
	}
	page := t.page("log", 0, 1000)
	if page.First != 1135 || page.Last != 1234 || page.Dropped != 1234-601-100 || len(page.Records) != 100 {
		t.Fatalf("first %d, last %d, dropped %d, %d records", page.First, page.Last, page.Dropped, len(page.Records))
	}
	for i, r := range page.Records {
		if want := uint64(1135 + i); r.Seq != want || string(r.Data) != strconv.FormatUint(want, 10) {
			t.Fatalf("record %d is %d %q, want %d", i, r.Seq, r.Data, want)
		}
	}
}
