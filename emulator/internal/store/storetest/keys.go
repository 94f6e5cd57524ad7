package storetest

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

var keyCases = []testCase{
	{"Get of an absent key finds nothing", func(t tester) { t.wantAbsent("key") }},
	{"Get returns what Put set last", func(t tester) {
		t.put("key", "first", time.Time{})
		t.wantValue("key", "first")
		t.put("key", "second", startTime())
		t.wantValue("key", "second")
		t.wantAbsent("other")
	}},
	{"keys and values are any bytes", checkAnyBytes},
	{"an empty value is a value", checkEmptyValue},
	{"Delete removes", func(t tester) {
		t.put("key", "value", time.Time{})
		t.put("other", "stays", time.Time{})
		t.must(t.space.Delete(t.ctx, "key"))
		t.must(t.space.Delete(t.ctx, "key"))
		t.wantAbsent("key")
		t.wantValue("other", "stays")
	}},
	{"Take returns the value once", checkTake},
	{"Update sees the old value and sets the new one", checkUpdate},
	{"Update changes nothing when change fails", checkUpdateFails},
	{"Update changes nothing when a needed key is absent", func(t tester) {
		set := func([]byte) ([]byte, time.Time, error) { return []byte("x"), time.Time{}, nil }
		t.put("one", "x", time.Time{})
		var absent *store.AbsentError
		if err := t.space.Update(t.ctx, "key", set, "one", "two"); !errors.As(err, &absent) || absent.Key != "two" {
			t.Errorf("Update = %v, want that two is absent", err)
		}
		t.wantAbsent("key")
		t.put("two", "x", time.Time{})
		t.must(t.space.Update(t.ctx, "key", set, "one", "two"))
		t.wantValue("key", "x")
	}},
	{"a zero expiry means never", checkNeverExpires},
	{"Reclaim frees keys that expired at or before now and keeps the rest", checkReclaim},
	{"the expiry of the last write counts", checkLastExpiry},
	{"Reclaim of many keys keeps the others", checkReclaimMany},
}

func checkAnyBytes(t tester) {
	for _, text := range []string{"", "a/b c\n", "\x00\xff\xfe", "名", string(bytes.Repeat([]byte{0x80}, 1<<16))} {
		t.put(text, "value of "+text, time.Time{})
	}
	t.wantValue("", "value of ")
	t.wantValue("\x00\xff\xfe", "value of \x00\xff\xfe")
	t.wantValue("名", "value of 名")
}

func checkEmptyValue(t tester) {
	t.must(t.space.Put(t.ctx, "nil", nil, time.Time{}))
	t.wantValue("nil", "")
	t.put("empty", "", time.Time{})
	t.must(t.space.Update(t.ctx, "empty", func(old []byte) ([]byte, time.Time, error) {
		if old == nil {
			t.Error("Update sees nil for an empty value, want an empty one that is not nil")
		}
		return nil, time.Time{}, nil
	}))
	t.wantValue("empty", "")
}

func checkTake(t tester) {
	t.put("key", "value", time.Time{})
	value, ok, err := t.space.Take(t.ctx, "key")
	t.must(err)
	if !ok || string(value) != "value" {
		t.Errorf("first Take = %q, %v, want value, true", value, ok)
	}
	value, ok, err = t.space.Take(t.ctx, "key")
	t.must(err)
	if ok || value != nil {
		t.Errorf("second Take = %q, %v, want nothing", value, ok)
	}
	t.wantAbsent("key")
}

func checkUpdate(t tester) {
	var seen []string
	for range 2 {
		t.must(t.space.Update(t.ctx, "key", func(old []byte) ([]byte, time.Time, error) {
			if old == nil {
				old = []byte("nil")
			}
			seen = append(seen, string(old))
			return append(bytes.Clone(old), '+'), time.Time{}, nil
		}))
	}
	t.wantValue("key", "nil++")
	if len(seen) != 2 || seen[0] != "nil" || seen[1] != "nil+" {
		t.Errorf("Update saw %q, want nil and nil+", seen)
	}
}

func checkUpdateFails(t tester) {
	refused := errors.New("refused")
	refuse := func([]byte) ([]byte, time.Time, error) { return []byte("new"), time.Time{}, refused }
	t.put("key", "old", time.Time{})
	for _, key := range []string{"key", "absent"} {
		if err := t.space.Update(t.ctx, key, refuse); err != refused { //nolint:errorlint // it is returned as it is
			t.Errorf("Update = %v, want the error of change as it is", err)
		}
	}
	t.wantValue("key", "old")
	t.wantAbsent("absent")
}

func checkNeverExpires(t tester) {
	t.put("put", "value", time.Time{})
	t.increment("count", 5, 5)
	t.must(t.space.Update(t.ctx, "update", func([]byte) ([]byte, time.Time, error) {
		return []byte("value"), time.Time{}, nil
	}))
	t.reclaim(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	t.wantValue("put", "value")
	t.wantValue("update", "value")
	t.increment("count", 1, 6)
}

func checkReclaim(t tester) {
	now := startTime()
	t.put("before", "value", now.Add(-time.Second))
	t.put("at", "value", now)
	t.put("after", "value", now.Add(time.Second))
	_, err := t.space.Increment(t.ctx, "counter", 7, now)
	t.must(err)
	t.must(t.space.Update(t.ctx, "updated", func([]byte) ([]byte, time.Time, error) { return []byte("value"), now, nil }))

	t.reclaim(now.Add(-2 * time.Second))
	t.wantValue("before", "value")
	t.reclaim(now)
	t.wantAbsent("before")
	t.wantAbsent("at")
	t.wantAbsent("updated")
	t.wantValue("after", "value")
	t.increment("counter", 1, 1)
	t.reclaim(now.Add(time.Second))
	t.wantAbsent("after")
}

func checkLastExpiry(t tester) {
	soon, late := startTime(), startTime().Add(time.Hour)
	t.put("longer", "value", soon)
	t.put("longer", "value", late)
	t.put("shorter", "value", late)
	t.put("shorter", "value", soon)
	t.reclaim(soon)
	t.wantValue("longer", "value")
	t.wantAbsent("shorter")
}

func checkReclaimMany(t tester) {
	const n = 2000
	for i := range n {
		expires := startTime().Add(time.Duration(i) * time.Second)
		if i%100 == 0 {
			expires = time.Time{}
		}
		t.put("key "+strconv.Itoa(i), strconv.Itoa(i), expires)
	}
	t.reclaim(startTime().Add(n / 2 * time.Second))
	t.reclaim(startTime().Add(n * time.Second))
	for i := range n {
		if key := "key " + strconv.Itoa(i); i%100 == 0 {
			t.wantValue(key, strconv.Itoa(i))
		} else {
			t.wantAbsent(key)
		}
	}
}

var counterCases = []testCase{
	{"Increment counts from zero", func(t tester) {
		t.increment("count", 0, 0)
		t.increment("count", 1, 1)
		t.increment("count", 41, 42)
		t.increment("count", -50, -8)
		t.increment("other", 3, 3)
	}},
	{"a counter reads as decimal text", func(t tester) {
		t.increment("count", -12, -12)
		t.wantValue("count", "-12")
	}},
	{"decimal text can be counted on", func(t tester) {
		t.put("count", "41", time.Time{})
		t.increment("count", 1, 42)
	}},
	{"Increment refuses a value that is not a counter", func(t tester) {
		t.put("key", "value", time.Time{})
		if _, err := t.space.Increment(t.ctx, "key", 1, time.Time{}); err == nil {
			t.Error("Increment of a text returned no error")
		}
		t.wantValue("key", "value")
	}},
	{"a counter that was deleted or taken starts from zero again", func(t tester) {
		t.increment("count", 5, 5)
		t.must(t.space.Delete(t.ctx, "count"))
		t.increment("count", 2, 2)
		value, ok, err := t.space.Take(t.ctx, "count")
		t.must(err)
		if !ok || string(value) != "2" {
			t.Errorf("Take of a counter = %q, %v, want 2, true", value, ok)
		}
		t.increment("count", 3, 3)
	}},
}
