package storetest

import "time"

var spaceCases = []testCase{
	{"handles with the same name share one space", func(t tester) {
		t.put("key", "value", time.Time{})
		t.space = t.store.Space("one")
		t.wantValue("key", "value")
	}},
	{"spaces are separate", func(t tester) {
		other := t
		other.space = t.store.Space("two")
		fillSpace(t)
		wantEmptySpace(other)
		fillSpace(other)
		t.must(t.space.Clear(t.ctx))
		other.wantValue("key", "value")
		other.claim("nonce", startTime(), startTime().Add(time.Hour), false)
		other.increment("count", 1, 8)
		other.append("log", "record", largeBound(), 2)
	}},
	{"Clear removes everything, numbering included, and the handle stays usable", func(t tester) {
		wantEmptySpace(t)
		t.must(t.space.Clear(t.ctx))
		for range 2 {
			fillSpace(t)
			t.must(t.space.Clear(t.ctx))
			wantEmptySpace(t)
			t.must(t.space.Clear(t.ctx))
		}
	}},
	{"every step works in an empty space", func(t tester) {
		t.wantAbsent("key")
		t.must(t.space.Delete(t.ctx, "key"))
		t.must(t.space.Truncate(t.ctx, "log"))
		t.reclaim(startTime())
		if _, ok, err := t.space.Take(t.ctx, "key"); ok || err != nil {
			t.Errorf("Take in an empty space = %v, %v, want false, no error", ok, err)
		}
		t.wantLog("log", 1, 0, 0, nil)
	}},
}

// fillSpace puts a value, a claimed key, a counter and a record into an empty space.
func fillSpace(t tester) {
	t.Helper()
	t.put("key", "value", time.Time{})
	t.claim("nonce", startTime(), startTime().Add(time.Hour), true)
	t.increment("count", 7, 7)
	t.append("log", "record", largeBound(), 1)
}

// wantEmptySpace checks that nothing of what fillSpace put is there. It writes to the space and clears it in the end.
func wantEmptySpace(t tester) {
	t.Helper()
	t.wantAbsent("key")
	t.claim("nonce", startTime(), startTime().Add(time.Hour), true)
	t.increment("count", 1, 1)
	t.wantLog("log", 1, 0, 0, nil)
	t.must(t.space.Clear(t.ctx))
}
