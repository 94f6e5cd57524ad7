package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// kept has a field of each kind that is kept.
type kept struct {
	Text   string              `cbor:"1,keyasint"`
	Signed int64               `cbor:"2,keyasint"`
	Number uint64              `cbor:"3,keyasint"`
	Yes    bool                `cbor:"4,keyasint"`
	At     time.Time           `cbor:"5,keyasint"`
	Lists  map[string][]string `cbor:"6,keyasint"`
	Inner  *kept               `cbor:"7,keyasint"`
}

// What is written is read back as it was: text that is no UTF-8, and times to the nanosecond at both ends of what a
// clock can show.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Unix(0, 0).UTC(),
		time.Date(2026, 9, 16, 12, 0, 0, 123_456_789, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		want := kept{
			Text: "a\xffb", Signed: -1 << 63, Number: 1<<64 - 1, Yes: true, At: at,
			Lists: map[string][]string{"Host": {"x", "\xfe"}}, Inner: &kept{Text: "inside", At: at},
		}
		raw, err := record.Write(want)
		if err != nil {
			t.Fatal(err)
		}
		var got kept
		if err := record.Read(raw, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", at, diff)
		}
	}
}

// What follows a record is left alone by ReadFirst alone.
func TestReadFirst(t *testing.T) {
	t.Parallel()
	raw, err := record.Write("text")
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, 0, 0)
	var got string
	if err := record.ReadFirst(raw, &got); err != nil || got != "text" {
		t.Errorf("%q, %v", got, err)
	}
	if err := record.Read(raw, &got); err == nil {
		t.Error("Read took a record with more behind it")
	}
}
