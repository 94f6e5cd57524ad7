package storetest

import (
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

var logPromises = []promise{
	{"a log that nothing was written to is empty", func(k kit) { k.holds("log", 1, 0, 0, nil) }},
	{"Append counts from 1 without gaps, each log for itself", func(k kit) {
		for i := range uint64(5) {
			k.append("log", "record", wide(), i+1)
		}
		k.append("other", "record", wide(), 1)
		k.append("log", "record", wide(), 6)
	}},
	{"Range returns records as they were appended, oldest first", func(k kit) {
		k.fill("log", wide(), "a", "", "\x00\xff", "d")
		k.holds("log", 1, 4, 0, []string{"1 a", "2 ", "3 \x00\xff", "4 d"})
	}},
	{"Range pages", checkPaging},
	{"the oldest give way to the bound of records", func(k kit) {
		k.fill("log", store.Bound{Records: 2, Bytes: 100}, "a", "b", "c", "d", "e")
		k.holds("log", 4, 5, 3, []string{"4 d", "5 e"})
	}},
	{"the oldest give way to the bound of bytes", func(k kit) {
		bound := store.Bound{Records: 100, Bytes: 10}
		k.fill("log", bound, "aaaa", "bbb", "ccc")
		k.holds("log", 1, 3, 0, []string{"1 aaaa", "2 bbb", "3 ccc"})
		k.append("log", "d", bound, 4)
		k.holds("log", 2, 4, 1, []string{"2 bbb", "3 ccc", "4 d"})
		k.append("log", strings.Repeat("e", 10), bound, 5)
		k.holds("log", 5, 5, 4, []string{"5 eeeeeeeeee"})
	}},
	{"a record larger than the bound is dropped itself and uses its number", func(k kit) {
		bound := store.Bound{Records: 100, Bytes: 10}
		k.fill("log", bound, "aaaa", "bbbbbbbbbbb", "c", "ddddddddddd")
		k.holds("log", 1, 4, 2, []string{"1 aaaa", "3 c"})
	}},
	{"a log of nothing but a too large record is empty", func(k kit) {
		k.fill("log", store.Bound{Records: 100, Bytes: 1}, "aa")
		k.holds("log", 2, 1, 1, nil)
	}},
	{"a bound that became smaller holds from the next record on", func(k kit) {
		k.fill("log", wide(), strings.Split(strings.Repeat("x", 99), "")...)
		k.append("log", "y", store.Bound{Records: 2, Bytes: 100}, 100)
		k.holds("log", 99, 100, 98, []string{"99 x", "100 y"})
		k.append("log", "z", wide(), 101)
		k.holds("log", 99, 101, 98, []string{"99 x", "100 y", "101 z"})
	}},
	{"Truncate drops the records and numbers go on", func(k kit) {
		k.must(k.space.Truncate(k.ctx, "log"))
		k.fill("log", store.Bound{Records: 2, Bytes: 100}, "a", "b", "c")
		k.fill("other", wide(), "stays")
		k.must(k.space.Truncate(k.ctx, "log"))
		k.holds("log", 4, 3, 0, nil)
		k.append("log", "d", wide(), 4)
		k.holds("log", 4, 4, 0, []string{"4 d"})
		k.holds("other", 1, 1, 0, []string{"1 stays"})
	}},
	{"a long log keeps what it should", checkLongLog},
	{"Reclaim leaves logs alone", func(k kit) {
		k.fill("log", wide(), "a")
		k.reclaim(start())
		k.holds("log", 1, 1, 0, []string{"1 a"})
	}},
}

// wide is a bound that no check reaches by chance.
func wide() store.Bound { return store.Bound{Records: 1000, Bytes: 1 << 20} }

// fill appends records to a new log.
func (k kit) fill(log string, bound store.Bound, records ...string) {
	k.Helper()
	for i, record := range records {
		k.append(log, record, bound, uint64(i)+1)
	}
}

// holds checks everything that a log says of itself; want lists "number data".
func (k kit) holds(log string, first, last, dropped uint64, want []string) {
	k.Helper()
	page := k.page(log, 0, 1000)
	if page.First != first || page.Last != last || page.Dropped != dropped {
		k.Errorf("log %q: first %d, last %d, dropped %d, want %d, %d, %d",
			log, page.First, page.Last, page.Dropped, first, last, dropped)
	}
	k.same(page.Records, want)
}

func (k kit) same(records []store.Record, want []string) {
	k.Helper()
	got := make([]string, len(records))
	for i, r := range records {
		got[i] = strconv.FormatUint(r.Seq, 10) + " " + string(r.Data)
	}
	if a, b := strings.Join(got, "|"), strings.Join(want, "|"); a != b {
		k.Errorf("records %q, want %q", a, b)
	}
}

func checkPaging(k kit) {
	k.fill("log", store.Bound{Records: 4, Bytes: 100}, "a", "b", "c", "d", "e", "f")
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
		page := k.page("log", c.after, c.limit)
		k.same(page.Records, c.want)
		if page.First != 3 || page.Last != 6 || page.Dropped != 2 {
			k.Errorf("after %d, limit %d: first %d, last %d, dropped %d, want 3, 6, 2",
				c.after, c.limit, page.First, page.Last, page.Dropped)
		}
	}
}

func checkLongLog(k kit) {
	bound := store.Bound{Records: 100, Bytes: 1 << 20}
	for i := range uint64(1234) {
		k.append("log", strconv.FormatUint(i+1, 10), bound, i+1)
		if i == 600 {
			k.must(k.space.Truncate(k.ctx, "log"))
		}
	}
	page := k.page("log", 0, 1000)
	if page.First != 1135 || page.Last != 1234 || page.Dropped != 1234-601-100 || len(page.Records) != 100 {
		k.Fatalf("first %d, last %d, dropped %d, %d records", page.First, page.Last, page.Dropped, len(page.Records))
	}
	for i, r := range page.Records {
		if want := uint64(1135 + i); r.Seq != want || string(r.Data) != strconv.FormatUint(want, 10) {
			k.Fatalf("record %d is %d %q, want %d", i, r.Seq, r.Data, want)
		}
	}
}
