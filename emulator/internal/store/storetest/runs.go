package storetest

import (
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// runPromises are about several steps that travel together.
var runPromises = []promise{
	{"Do without steps does nothing", func(k kit) { k.must(k.space.Do(k.ctx)) }},
	{"Do carries out steps in their order and each holds its result", checkRun},
	{"a needed key that is absent ends the run", func(k kit) {
		k.must(k.space.Do(k.ctx, &store.Get{Key: "absent", Needed: true}, &store.Put{Key: "key", Value: []byte("x")}))
		k.absent("key")
		k.put("there", "x", time.Time{})
		k.must(k.space.Do(k.ctx, &store.Get{Key: "there", Needed: true}, &store.Put{Key: "key", Value: []byte("x")}))
		k.is("key", "x")
		for range 2 {
			k.must(k.space.Do(k.ctx, &store.Take{Key: "there", Needed: true}, &store.Increment{Key: "taken", Delta: 1}))
		}
		k.increment("taken", 0, 1)
	}},
	{"Add sets an absent key alone, and a needed one that is there ends the run", func(k kit) {
		first := store.Add{Key: "key", Value: []byte("first"), Needed: true}
		second := store.Add{Key: "key", Value: []byte("second")}
		third := store.Add{Key: "key", Value: []byte("third"), Needed: true}
		for i, add := range []*store.Add{&first, &second, &third} {
			k.must(k.space.Do(k.ctx, add, &store.Put{Key: "behind", Value: []byte{'1' + byte(i)}}))
		}
		if !first.Added || second.Added || third.Added {
			k.Errorf("added %v, %v, %v, want true, false, false", first.Added, second.Added, third.Added)
		}
		k.is("key", "first")
		k.is("behind", "2")
	}},
	{"Exchange sets a key and reads what was there", func(k kit) {
		first := store.Exchange{Key: "key", Value: []byte("first")}
		second := store.Exchange{Key: "key", Value: []byte("second")}
		k.must(k.space.Do(k.ctx, &first, &second))
		if first.Found || string(second.Old) != "first" || !second.Found {
			k.Errorf("%+v, %+v, want nothing, then the first value", first, second)
		}
		k.is("key", "second")
	}},
	{"an Increment beyond its limit ends the run", func(k kit) {
		for range 3 {
			limited := store.Increment{Key: "count", Delta: 1, Limit: 2}
			k.must(k.space.Do(k.ctx, &limited, &store.Increment{Key: "behind", Delta: 1}))
		}
		k.increment("count", 0, 3)
		k.increment("behind", 0, 2)
	}},
	{"a Claim that comes too late ends the run", func(k kit) {
		for range 2 {
			k.must(k.space.Do(k.ctx, &store.Claim{Key: "nonce", Now: start(), Expires: start().Add(time.Minute)},
				&store.Increment{Key: "count", Delta: 1}))
		}
		k.increment("count", 0, 1)
	}},
	{"Clear inside a run leaves what is written behind it", func(k kit) {
		k.put("before", "x", time.Time{})
		k.must(k.space.Do(k.ctx, &store.Clear{}, &store.Put{Key: "after", Value: []byte("x")}))
		k.absent("before")
		k.is("after", "x")
	}},
	{"Keys lists what begins with the prefix, sorted", func(k kit) {
		for _, key := range []string{"b/2", "a/1", "b/1", "b", "c/1"} {
			k.put(key, "x", time.Time{})
		}
		k.increment("b/3", 1, 1)
		k.once("b/claimed", start(), start().Add(time.Hour), true)
		k.keys("b/", "b/1 b/2 b/3")
		k.keys("d", "")
		k.keys("", "a/1 b b/1 b/2 b/3 c/1")
	}},
	{"Find finds a record by its id, the latest of several", checkFind},
	{"race: Add tells one caller true", func(k kit) {
		k.oneWinner(nil, func(round int) (bool, error) {
			step := store.Add{Key: "key " + strings.Repeat("x", round), Value: []byte("x")}
			err := k.space.Do(k.ctx, &step)
			return step.Added, err
		})
	}},
}

func checkRun(k kit) {
	get, absent := store.Get{Key: "key"}, store.Get{Key: "other"}
	sum, again := store.Increment{Key: "count", Delta: 2}, store.Increment{Key: "count", Delta: 3}
	written := store.Append{Log: "log", ID: "id", Record: []byte("record"), Bound: wide()}
	page, taken := store.Range{Log: "log", Limit: 10}, store.Take{Key: "key"}
	put := store.Put{Key: "key", Value: []byte("value")}
	k.must(k.space.Do(k.ctx, &put, &get, &absent, &sum, &again, &written, &page, &taken))
	if string(get.Value) != "value" || !get.Found || absent.Found || sum.Sum != 2 || again.Sum != 5 || written.Seq != 1 {
		k.Errorf("%+v %+v %+v %+v %+v", get, absent, sum, again, written)
	}
	if string(taken.Value) != "value" || !taken.Found {
		k.Errorf("%+v", taken)
	}
	k.same(page.Page.Records, []string{"1 record"})
	k.absent("key")
}

func (k kit) keys(prefix, want string) {
	k.Helper()
	step := store.Keys{Prefix: prefix}
	k.must(k.space.Do(k.ctx, &step))
	if got := strings.Join(step.Keys, " "); got != want {
		k.Errorf("Keys(%q) = %s, want %s", prefix, got, want)
	}
}

func (k kit) finds(id, want string, dropped uint64) {
	k.Helper()
	step := store.Find{Log: "log", ID: id}
	k.must(k.space.Do(k.ctx, &step))
	if string(step.Record.Data) != want || step.Found != (want != "") || step.Dropped != dropped {
		k.Errorf("Find(%q) = %+v, want %q, dropped %d", id, step, want, dropped)
	}
}

func checkFind(k kit) {
	k.finds("a", "", 0)
	for _, record := range []string{"a 1", "b 2", "a 3", "c 4"} {
		k.must(k.space.Do(k.ctx, &store.Append{
			Log: "log", ID: record[:1], Record: []byte(record), Bound: store.Bound{Records: 3, Bytes: 1000},
		}))
	}
	k.finds("a", "a 3", 1)
	k.finds("b", "b 2", 1)
	k.finds("d", "", 1)
	k.append("log", "without an id", store.Bound{Records: 1, Bytes: 1000}, 5)
	k.finds("a", "", 4)
	k.must(k.space.Truncate(k.ctx, "log"))
	k.finds("c", "", 0)
}
