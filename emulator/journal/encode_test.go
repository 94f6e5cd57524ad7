package journal_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/journal"
)

// TestFullIsFull keeps TestEntryComesBackWhole honest: what is written by hand has no field that it does not try.
func TestFullIsFull(t *testing.T) {
	t.Parallel()
	e := full()
	e.Seq, e.Request.BodyBytes, e.Response.BodyBytes = 1, 1, 1 // the journal's own
	e.Request.BodyTruncated, e.Response.BodyTruncated, e.Decision.Rule = true, true, 1
	requireFull(t, "entry", reflect.ValueOf(e))
}

func requireFull(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	if v.IsZero() {
		t.Errorf("%s is empty", name)
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Pointer:
		requireFull(t, name, v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			requireFull(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			requireFull(t, name+"[]", v.Index(i))
		}
	}
}

// FuzzEntry: whatever a call holds comes back as it was.
func FuzzEntry(f *testing.F) {
	f.Add("id", "\xff\x00", int64(-1), 200, int64(1_700_000_000), uint8(3))
	f.Add("", "", int64(0), 0, int64(-1), uint8(0))
	f.Add("a long text of more than twenty-three bytes", "b", int64(1<<40), 1<<20, int64(0), uint8(255))
	f.Fuzz(func(t *testing.T, id, text string, micros int64, status int, seconds int64, count uint8) {
		want := journal.Entry{
			ID: id, Time: time.Unix(seconds%200_000_000_000, micros%1000).UTC(), Arrived: time.Unix(0, 1).UTC(),
			Outcome: text, Status: status, DurationMicros: micros,
			Request:  journal.Request{URL: text, Content: journal.Content{Body: text, BodyBytes: len(text)}},
			Response: journal.Response{Status: status, Headers: map[string][]string{}},
		}
		if year := want.Time.Year(); year < 0 || year > 9999 {
			return // beyond every clock
		}
		for i := range count {
			want.Response.Headers[id+string(rune('a'+i%26))] = []string{text, id}
		}
		if count == 0 {
			want.Response.Headers = nil
		}
		got, err := journal.Recoded(want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the entry changed (-want +got):\n%s", diff)
		}
	})
}
