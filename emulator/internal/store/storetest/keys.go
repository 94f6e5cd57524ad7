package storetest

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

var keyPromises = []promise{
	{"Get of an absent key finds nothing", func(k kit) { k.absent("key") }},
	{"Get returns what Put set last", func(k kit) {
		k.put("key", "first", time.Time{})
		k.is("key", "first")
		k.put("key", "second", start())
		k.is("key", "second")
		k.absent("other")
	}},
	{"keys and values are any bytes", checkAnyBytes},
	{"an empty value is there", checkEmptyValue},
	{"Delete removes", func(k kit) {
		k.put("key", "value", time.Time{})
		k.put("other", "stays", time.Time{})
		k.must(k.space.Delete(k.ctx, "key"))
		k.must(k.space.Delete(k.ctx, "key"))
		k.absent("key")
		k.is("other", "stays")
	}},
	{"Take returns the value once", checkTake},
	{"Update sees the old value and sets the new one", checkUpdate},
	{"Update changes nothing when change fails", checkUpdateFails},
	{"a zero expiry means never", checkNeverExpires},
	{"Reclaim frees what expired at or before now and keeps the rest", checkReclaim},
	{"the last writer's expiry counts", checkLastExpiry},
	{"Reclaim of many keys keeps the others", checkReclaimMany},
}

func checkAnyBytes(k kit) {
	for _, text := range []string{"", "a/b c\n", "\x00\xff\xfe", "名", string(bytes.Repeat([]byte{0x80}, 1<<16))} {
		k.put(text, "value of "+text, time.Time{})
	}
	k.is("", "value of ")
	k.is("\x00\xff\xfe", "value of \x00\xff\xfe")
	k.is("名", "value of 名")
}

func checkEmptyValue(k kit) {
	k.must(k.space.Put(k.ctx, "nil", nil, time.Time{}))
	k.is("nil", "")
	k.put("empty", "", time.Time{})
	k.must(k.space.Update(k.ctx, "empty", func(old []byte) ([]byte, time.Time, error) {
		if old == nil {
			k.Error("Update sees nil for an empty value, want an empty one that is not nil")
		}
		return nil, time.Time{}, nil
	}))
	k.is("empty", "")
}

func checkTake(k kit) {
	k.put("key", "value", time.Time{})
	value, ok, err := k.space.Take(k.ctx, "key")
	k.must(err)
	if !ok || string(value) != "value" {
		k.Errorf("first Take = %q, %v, want value, true", value, ok)
	}
	value, ok, err = k.space.Take(k.ctx, "key")
	k.must(err)
	if ok || value != nil {
		k.Errorf("second Take = %q, %v, want nothing", value, ok)
	}
	k.absent("key")
}

func checkUpdate(k kit) {
	var seen []string
	for range 2 {
		k.must(k.space.Update(k.ctx, "key", func(old []byte) ([]byte, time.Time, error) {
			if old == nil {
				old = []byte("nil")
			}
			seen = append(seen, string(old))
			return append(bytes.Clone(old), '+'), time.Time{}, nil
		}))
	}
	k.is("key", "nil++")
	if len(seen) != 2 || seen[0] != "nil" || seen[1] != "nil+" {
		k.Errorf("Update saw %q, want nil and nil+", seen)
	}
}

func checkUpdateFails(k kit) {
	refused := errors.New("refused")
	refuse := func([]byte) ([]byte, time.Time, error) { return []byte("new"), time.Time{}, refused }
	k.put("key", "old", time.Time{})
	for _, key := range []string{"key", "absent"} {
		if err := k.space.Update(k.ctx, key, refuse); err != refused { //nolint:errorlint // it is returned as it is
			k.Errorf("Update = %v, want the error of change as it is", err)
		}
	}
	k.is("key", "old")
	k.absent("absent")
}

func checkNeverExpires(k kit) {
	k.put("put", "value", time.Time{})
	k.increment("count", 5, 5)
	k.must(k.space.Update(k.ctx, "update", func([]byte) ([]byte, time.Time, error) {
		return []byte("value"), time.Time{}, nil
	}))
	k.reclaim(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	k.is("put", "value")
	k.is("update", "value")
	k.increment("count", 1, 6)
}

func checkReclaim(k kit) {
	now := start()
	k.put("before", "value", now.Add(-time.Second))
	k.put("at", "value", now)
	k.put("after", "value", now.Add(time.Second))
	_, err := k.space.Increment(k.ctx, "counter", 7, now)
	k.must(err)
	k.must(k.space.Update(k.ctx, "updated", func([]byte) ([]byte, time.Time, error) { return []byte("value"), now, nil }))

	k.reclaim(now.Add(-2 * time.Second))
	k.is("before", "value")
	k.reclaim(now)
	k.absent("before")
	k.absent("at")
	k.absent("updated")
	k.is("after", "value")
	k.increment("counter", 1, 1)
	k.reclaim(now.Add(time.Second))
	k.absent("after")
}

func checkLastExpiry(k kit) {
	soon, late := start(), start().Add(time.Hour)
	k.put("longer", "value", soon)
	k.put("longer", "value", late)
	k.put("shorter", "value", late)
	k.put("shorter", "value", soon)
	k.reclaim(soon)
	k.is("longer", "value")
	k.absent("shorter")
}

func checkReclaimMany(k kit) {
	const n = 2000
	for i := range n {
		expires := start().Add(time.Duration(i) * time.Second)
		if i%100 == 0 {
			expires = time.Time{}
		}
		k.put("key "+strconv.Itoa(i), strconv.Itoa(i), expires)
	}
	k.reclaim(start().Add(n / 2 * time.Second))
	k.reclaim(start().Add(n * time.Second))
	for i := range n {
		if key := "key " + strconv.Itoa(i); i%100 == 0 {
			k.is(key, strconv.Itoa(i))
		} else {
			k.absent(key)
		}
	}
}

var counterPromises = []promise{
	{"Increment counts from zero", func(k kit) {
		k.increment("count", 0, 0)
		k.increment("count", 1, 1)
		k.increment("count", 41, 42)
		k.increment("count", -50, -8)
		k.increment("other", 3, 3)
	}},
	{"a counter reads as decimal text", func(k kit) {
		k.increment("count", -12, -12)
		k.is("count", "-12")
	}},
	{"decimal text can be counted on", func(k kit) {
		k.put("count", "41", time.Time{})
		k.increment("count", 1, 42)
	}},
	{"Increment refuses what is no counter", func(k kit) {
		k.put("key", "value", time.Time{})
		if _, err := k.space.Increment(k.ctx, "key", 1, time.Time{}); err == nil {
			k.Error("Increment of a text = nil error")
		}
		k.is("key", "value")
	}},
	{"a counter that was deleted or taken starts again", func(k kit) {
		k.increment("count", 5, 5)
		k.must(k.space.Delete(k.ctx, "count"))
		k.increment("count", 2, 2)
		value, ok, err := k.space.Take(k.ctx, "count")
		k.must(err)
		if !ok || string(value) != "2" {
			k.Errorf("Take of a counter = %q, %v, want 2, true", value, ok)
		}
		k.increment("count", 3, 3)
	}},
}
