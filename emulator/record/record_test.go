package record_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/record"
)

// What is appended is what the library encodes, byte for byte, at every size of a head.
func TestAppend(t *testing.T) {
	t.Parallel()
	type test struct {
		name  string
		got   []byte
		value any
	}
	tests := []test{
		{"true", record.AppendBool(nil, true), true},
		{"false", record.AppendBool(nil, false), false},
		{"null", record.AppendNull(nil), nil},
		{"array", record.AppendText(record.AppendInt(record.AppendArray(nil, 2), -7), "x"), []any{-7, "x"}},
		{"map", record.AppendText(record.AppendInt(record.AppendMap(nil, 1), 3), "x"), map[int]string{3: "x"}},
	}
	for _, n := range []int64{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64} {
		tests = append(tests,
			test{"int", record.AppendInt(nil, n), n},
			test{"negative", record.AppendInt(nil, -n), -n},
			test{"least", record.AppendInt(nil, -1-n), -1 - n},
			test{"uint", record.AppendUint(nil, uint64(n)), uint64(n)},
		)
	}
	tests = append(tests, test{"largest", record.AppendUint(nil, math.MaxUint64), uint64(math.MaxUint64)})
	for _, n := range []int{0, 1, 23, 24, 255, 256, 65535, 65536} {
		text := strings.Repeat("\xffé", n)[:n]
		tests = append(tests, test{"text", record.AppendText([]byte{}, text), text})
	}
	for _, c := range tests {
		want, err := cbor.Marshal(c.value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.got); diff != "" {
			t.Errorf("%s %.20v: %s", c.name, c.value, diff)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Unix(0, 0),
		time.Date(2026, 9, 16, 12, 0, 0, 123_456_789, time.FixedZone("", 8*3600)),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		var got time.Time
		if err := record.Read(record.AppendTime(nil, at), &got); err != nil || !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%s, want %s, %v", got, at, err)
		}
	}
}

// Text is read as it was written, UTF-8 or not, and what follows a record is left alone by ReadFirst alone.
func TestRead(t *testing.T) {
	t.Parallel()
	raw := append(record.AppendText(nil, "a\xffb"), 0, 0)
	var got string
	if err := record.ReadFirst(raw, &got); err != nil || got != "a\xffb" {
		t.Errorf("%q, %v", got, err)
	}
	if err := record.Read(raw, &got); err == nil {
		t.Error("Read took a record with more behind it")
	}
}
