package storetest

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// stepCases check Do with several steps.
var stepCases = []testCase{
	{"Do without steps does nothing", func(t tester) { t.must(t.space.Do(t.ctx)) }},
	{"Do carries out steps in order, and each step holds its result", checkOrderAndResults},
	{"a needed key that is absent ends the run", func(t tester) {
		t.must(t.space.Do(t.ctx, &store.Get{Key: "absent", Needed: true}, &store.Put{Key: "key", Value: []byte("x")}))
		t.wantAbsent("key")
		t.put("there", "x", time.Time{})
		t.must(t.space.Do(t.ctx, &store.Get{Key: "there", Needed: true}, &store.Put{Key: "key", Value: []byte("x")}))
		t.wantValue("key", "x")
		for range 2 {
			t.must(t.space.Do(t.ctx, &store.Take{Key: "there", Needed: true}, &store.Increment{Key: "taken", Delta: 1}))
		}
		t.increment("taken", 0, 1)
	}},
	{"Add sets only an absent key, and a needed one that is present ends the run", func(t tester) {
		first := store.Add{Key: "key", Value: []byte("first"), Needed: true}
		second := store.Add{Key: "key", Value: []byte("second")}
		third := store.Add{Key: "key", Value: []byte("third"), Needed: true}
		for i, add := range []*store.Add{&first, &second, &third} {
			t.must(t.space.Do(t.ctx, add, &store.Put{Key: "behind", Value: []byte{'1' + byte(i)}}))
		}
		if !first.Added || second.Added || third.Added {
			t.Errorf("added %v, %v, %v, want true, false, false", first.Added, second.Added, third.Added)
		}
		t.wantValue("key", "first")
		t.wantValue("behind", "2")
	}},
	{"Exchange sets a key and returns the old value", func(t tester) {
		first := store.Exchange{Key: "key", Value: []byte("first")}
		second := store.Exchange{Key: "key", Value: []byte("second")}
		t.must(t.space.Do(t.ctx, &first, &second))
		if first.Found || string(second.Old) != "first" || !second.Found {
			t.Errorf("%+v, %+v, want nothing, then the first value", first, second)
		}
		t.wantValue("key", "second")
	}},
	{"an Increment beyond its limit ends the run", func(t tester) {
		for range 3 {
			limited := store.Increment{Key: "count", Delta: 1, Limit: 2}
			t.must(t.space.Do(t.ctx, &limited, &store.Increment{Key: "behind", Delta: 1}))
		}
		t.increment("count", 0, 3)
		t.increment("behind", 0, 2)
	}},
	{"a refused Claim ends the run", func(t tester) {
		for range 2 {
			t.must(t.space.Do(t.ctx, &store.Claim{Key: "nonce", Now: startTime(), Expires: startTime().Add(time.Minute)},
				&store.Increment{Key: "count", Delta: 1}))
		}
		t.increment("count", 0, 1)
	}},
	{"what a run writes after Clear stays", func(t tester) {
		t.put("before", "x", time.Time{})
		t.must(t.space.Do(t.ctx, &store.Clear{}, &store.Put{Key: "after", Value: []byte("x")}))
		t.wantAbsent("before")
		t.wantValue("after", "x")
	}},
	{"Values reads the keys with what they hold", checkValues},
	{"Keys lists the keys that begin with the prefix, sorted", func(t tester) {
		for _, key := range []string{"b/2", "a/1", "b/1", "b", "c/1"} {
			t.put(key, "x", time.Time{})
		}
		t.increment("b/3", 1, 1)
		t.claim("b/claimed", startTime(), startTime().Add(time.Hour), true)
		t.wantKeys("b/", "b/1 b/2 b/3")
		t.wantKeys("d", "")
		t.wantKeys("", "a/1 b b/1 b/2 b/3 c/1")
	}},
	{"the characters of a prefix mean themselves", func(t tester) {
		for _, key := range []string{"a*", "ab", "a[b]", "a\\*", "a?", "a-", "^a"} {
			t.put(key, "x", time.Time{})
		}
		t.wantKeys("a*", "a*")
		t.wantKeys("a[b]", "a[b]")
		t.wantKeys("a\\", "a\\*")
		t.wantKeys("a?", "a?")
		t.wantKeys("^", "^a")
		t.must(t.space.Do(t.ctx, &store.Drop{Prefix: "a?"}))
		t.wantKeys("a", "a* a- a[b] a\\* ab")
	}},
	{"Drop removes the keys that begin with the prefix", func(t tester) {
		for _, key := range []string{"b/2", "a/1", "b/1", "b"} {
			t.put(key, "x", time.Time{})
		}
		t.increment("b/3", 1, 1)
		t.must(t.space.Do(t.ctx, &store.Drop{Prefix: "b/"}, &store.Put{Key: "b/4"}))
		t.wantKeys("", "a/1 b b/4")
		t.increment("b/3", 1, 1)
	}},
	{"Find returns the latest record with an id", checkFind},
	{"race: Add succeeds for one caller", func(t tester) {
		t.oneWinner(nil, func(round int) (bool, error) {
			step := store.Add{Key: "key " + strings.Repeat("x", round), Value: []byte("x")}
			err := t.space.Do(t.ctx, &step)
			return step.Added, err
		})
	}},
}

func checkOrderAndResults(t tester) {
	get, absent := store.Get{Key: "key"}, store.Get{Key: "other"}
	sum, again := store.Increment{Key: "count", Delta: 2}, store.Increment{Key: "count", Delta: 3}
	written := store.Append{Log: "log", ID: "id", Record: []byte("record"), Bound: largeBound()}
	page, taken := store.Range{Log: "log", Limit: 10}, store.Take{Key: "key"}
	put := store.Put{Key: "key", Value: []byte("value")}
	t.must(t.space.Do(t.ctx, &put, &get, &absent, &sum, &again, &written, &page, &taken))
	if string(get.Value) != "value" || !get.Found || absent.Found || sum.Sum != 2 || again.Sum != 5 || written.Seq != 1 {
		t.Errorf("%+v %+v %+v %+v %+v", get, absent, sum, again, written)
	}
	if string(taken.Value) != "value" || !taken.Found {
		t.Errorf("%+v", taken)
	}
	t.wantRecords(page.Page.Records, []string{"1 record"})
	t.wantAbsent("key")
}

func (t tester) wantKeys(prefix, want string) {
	t.Helper()
	step := store.Keys{Prefix: prefix}
	t.must(t.space.Do(t.ctx, &step))
	if got := strings.Join(step.Keys, " "); got != want {
		t.Errorf("Keys(%q) = %s, want %s", prefix, got, want)
	}
}

func (t tester) wantFound(id, want string, dropped uint64) {
	t.Helper()
	step := store.Find{Log: "log", ID: id}
	t.must(t.space.Do(t.ctx, &step))
	if string(step.Record.Data) != want || step.Found != (want != "") || step.Dropped != dropped {
		t.Errorf("Find(%q) = %+v, want %q, dropped %d", id, step, want, dropped)
	}
}

func checkFind(t tester) {
	t.wantFound("a", "", 0)
	for _, record := range []string{"a 1", "b 2", "a 3", "c 4"} {
		t.must(t.space.Do(t.ctx, &store.Append{
			Log: "log", ID: record[:1], Record: []byte(record), Bound: store.Bound{Records: 3, Bytes: 1000},
		}))
	}
	t.wantFound("a", "a 3", 1)
	t.wantFound("b", "b 2", 1)
	t.wantFound("d", "", 1)
	t.append("log", "without an id", store.Bound{Records: 1, Bytes: 1000}, 5)
	t.wantFound("a", "", 4)
	t.must(t.space.Truncate(t.ctx, "log"))
	t.wantFound("c", "", 0)
}

func checkValues(t tester) {
	values := store.Values{Most: 1 << 20}
	t.must(t.space.Do(t.ctx, &values))
	if len(values.Values) != 0 || values.TooMany {
		t.Errorf("an empty space holds %v", values)
	}
	ends := startTime().Add(time.Hour)
	t.put("b/\x00\xff", "\xfe", ends)
	t.put("b/1", "", time.Time{})
	t.put("a", "another", time.Time{})
	t.increment("b/count", 7, 7)
	t.claim("b/claimed", startTime(), ends, true)
	want := []store.Value{
		{Key: "b/\x00\xff", Value: []byte("\xfe"), Expires: ends},
		{Key: "b/1", Value: []byte{}},
		{Key: "b/count", Value: []byte("7")},
	}
	size := 0
	for _, each := range want {
		size += len(each.Key) + len(each.Value) + store.EntryCost
	}
	values = store.Values{Prefix: "b/", Most: size}
	t.must(t.space.Do(t.ctx, &values))
	same := func(a, b store.Value) bool {
		return a.Key == b.Key && bytes.Equal(a.Value, b.Value) && a.Expires.Equal(b.Expires)
	}
	if !slices.EqualFunc(values.Values, want, same) || values.TooMany {
		t.Errorf("got %v, want %v", values, want)
	}
	values.Most--
	t.must(t.space.Do(t.ctx, &values))
	if len(values.Values) != 0 || !values.TooMany {
		t.Errorf("beyond the bound: %v", values)
	}
}
