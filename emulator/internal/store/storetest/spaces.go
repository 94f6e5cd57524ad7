package storetest

import "time"

var spacePromises = []promise{
	{"handles of one name share one space", func(k kit) {
		k.put("key", "value", time.Time{})
		k.space = k.store.Space("one")
		k.is("key", "value")
	}},
	{"spaces are separate", func(k kit) {
		other := k
		other.space = k.store.Space("two")
		fillSpace(k)
		emptySpace(other)
		fillSpace(other)
		k.must(k.space.Clear(k.ctx))
		other.is("key", "value")
		other.once("nonce", start(), start().Add(time.Hour), false)
		other.increment("count", 1, 8)
		other.append("log", "record", wide(), 2)
	}},
	{"Clear removes everything, numbering included, and the handle stays good", func(k kit) {
		emptySpace(k)
		k.must(k.space.Clear(k.ctx))
		for range 2 {
			fillSpace(k)
			k.must(k.space.Clear(k.ctx))
			emptySpace(k)
			k.must(k.space.Clear(k.ctx))
		}
	}},
	{"an empty space can be asked anything", func(k kit) {
		k.absent("key")
		k.must(k.space.Delete(k.ctx, "key"))
		k.must(k.space.Truncate(k.ctx, "log"))
		k.reclaim(start())
		if _, ok, err := k.space.Take(k.ctx, "key"); ok || err != nil {
			k.Errorf("Take in an empty space = %v, %v, want false, no error", ok, err)
		}
		k.holds("log", 1, 0, 0, nil)
	}},
}

// fillSpace puts one of each kind into an empty space.
func fillSpace(k kit) {
	k.Helper()
	k.put("key", "value", time.Time{})
	k.once("nonce", start(), start().Add(time.Hour), true)
	k.increment("count", 7, 7)
	k.append("log", "record", wide(), 1)
}

// emptySpace checks that nothing that fillSpace put is there; it leaves traces itself.
func emptySpace(k kit) {
	k.Helper()
	k.absent("key")
	k.once("nonce", start(), start().Add(time.Hour), true)
	k.increment("count", 1, 1)
	k.holds("log", 1, 0, 0, nil)
	k.must(k.space.Clear(k.ctx))
}
