package storetest

import (
	"strconv"
	"time"
)

var oncePromises = []promise{
	{"Claim remembers until the expiry and not a second longer", func(k kit) {
		now, end := start(), start().Add(15*time.Minute)
		k.once("nonce", now, end, true)
		k.once("nonce", now, end, false)
		k.once("nonce", end.Add(-time.Second), end.Add(time.Hour), false)
		k.once("nonce", end, end.Add(time.Hour), true)
		k.once("nonce", end.Add(time.Minute), end.Add(time.Hour), false)
	}},
	{"Claim keeps to a fraction of a second, and forgets within one", func(k kit) {
		now, end := start(), start().Add(1500*time.Millisecond)
		k.once("nonce", now, end, true)
		k.once("nonce", end.Add(-time.Nanosecond), end, false)
		k.once("nonce", end.Add(time.Second), end, true)
	}},
	{"Claim refused does not prolong", func(k kit) {
		end := start().Add(time.Minute)
		k.once("nonce", start(), end, true)
		k.once("nonce", start(), end.Add(time.Hour), false)
		k.once("nonce", end, end.Add(time.Hour), true)
	}},
	{"Claim after the expiry was already over is told true again", func(k kit) {
		k.once("nonce", start(), start().Add(-time.Hour), true)
		k.once("nonce", start(), start().Add(time.Hour), true)
		k.once("nonce", start(), start().Add(time.Hour), false)
	}},
	{"a zero expiry of Claim means never", func(k kit) {
		k.once("nonce", start(), time.Time{}, true)
		k.reclaim(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
		k.once("nonce", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Time{}, false)
	}},
	{"Claim works from 1970 to 9999", checkOnceInAllYears},
	{"keys of Claim live apart", checkOnceApart},
	{"Reclaim frees keys of Claim and keeps the rest", func(k kit) {
		k.once("soon", start(), start().Add(time.Minute), true)
		k.once("late", start(), start().Add(time.Hour), true)
		k.reclaim(start().Add(time.Minute))
		k.once("soon", start().Add(time.Minute), start().Add(time.Hour), true)
		k.once("late", start().Add(time.Minute), start().Add(time.Hour), false)
	}},
	{"Claim tells many keys apart while old ones end", checkOnceMany},
}

func checkOnceInAllYears(k kit) {
	for _, year := range []int{1970, 2026, 2105, 2107, 5000, 9999, 1971} {
		now := time.Date(year, 1, 1, 0, 0, 1, 0, time.UTC)
		key := "nonce of " + strconv.Itoa(year)
		k.once(key, now, now.Add(time.Minute), true)
		k.once(key, now.Add(59*time.Second), now.Add(time.Minute), false)
		k.once(key, now.Add(time.Minute), now.Add(time.Minute), true)
	}
}

func checkOnceApart(k kit) {
	end := start().Add(time.Hour)
	k.once("key", start(), end, true)
	k.absent("key")
	k.put("key", "value", time.Time{})
	k.once("key", start(), end, false)
	k.must(k.space.Delete(k.ctx, "key"))
	k.once("key", start(), end, false)
	k.increment("key", 1, 1)
	if _, _, err := k.space.Take(k.ctx, "key"); err != nil {
		k.must(err)
	}
	k.once("key", start(), end, false)
	k.put("second", "value", time.Time{})
	k.once("second", start(), end, true)
	k.is("second", "value")
}

func checkOnceMany(k kit) {
	const n, window = 5000, 1000
	for i := range n {
		now := start().Add(time.Duration(i) * time.Second)
		k.once(strconv.Itoa(i), now, now.Add(window*time.Second), true)
		if i%700 == 0 {
			k.reclaim(now)
		}
		for _, age := range []int{0, 1, window / 2, window - 1} {
			if i >= age {
				k.once(strconv.Itoa(i-age), now, now.Add(window*time.Second), false)
			}
		}
	}
}
