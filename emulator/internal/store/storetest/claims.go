package storetest

import (
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

var claimCases = []testCase{
	{"Claim remembers a key until its expiry and not a second longer", func(t tester) {
		now, end := startTime(), startTime().Add(15*time.Minute)
		t.claim("nonce", now, end, true)
		t.claim("nonce", now, end, false)
		t.claim("nonce", end.Add(-time.Second), end.Add(time.Hour), false)
		t.claim("nonce", end, end.Add(time.Hour), true)
		t.claim("nonce", end.Add(time.Minute), end.Add(time.Hour), false)
	}},
	{"an expiry between two seconds is kept to, and forgotten by the next second", func(t tester) {
		now, end := startTime(), startTime().Add(1500*time.Millisecond)
		t.claim("nonce", now, end, true)
		t.claim("nonce", end.Add(-time.Nanosecond), end, false)
		t.claim("nonce", end.Add(time.Second), end, true)
	}},
	{"a refused Claim does not prolong the first one", func(t tester) {
		end := startTime().Add(time.Minute)
		t.claim("nonce", startTime(), end, true)
		t.claim("nonce", startTime(), end.Add(time.Hour), false)
		t.claim("nonce", end, end.Add(time.Hour), true)
	}},
	{"a key claimed with an expiry in the past can be claimed again", func(t tester) {
		t.claim("nonce", startTime(), startTime().Add(-time.Hour), true)
		t.claim("nonce", startTime(), startTime().Add(time.Hour), true)
		t.claim("nonce", startTime(), startTime().Add(time.Hour), false)
	}},
	{"a zero expiry of Claim means never", func(t tester) {
		t.claim("nonce", startTime(), time.Time{}, true)
		t.reclaim(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
		t.claim("nonce", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Time{}, false)
	}},
	{"Claim works from 1970 to 9999", checkClaimInAllYears},
	{"claimed keys are separate from other keys", checkClaimsApart},
	{"Reclaim frees expired claims and keeps the rest", func(t tester) {
		t.claim("soon", startTime(), startTime().Add(time.Minute), true)
		t.claim("late", startTime(), startTime().Add(time.Hour), true)
		t.reclaim(startTime().Add(time.Minute))
		t.claim("soon", startTime().Add(time.Minute), startTime().Add(time.Hour), true)
		t.claim("late", startTime().Add(time.Minute), startTime().Add(time.Hour), false)
	}},
	{"Claim tells many keys apart while old ones expire", checkManyClaims},
	{"a claim is kept for callers whose time runs behind", checkClaimsOfTimeBehind},
}

func checkClaimInAllYears(t tester) {
	for _, year := range []int{1970, 2026, 2105, 2107, 5000, 9999, 1971} {
		now := time.Date(year, 1, 1, 0, 0, 1, 0, time.UTC)
		key := "nonce of " + strconv.Itoa(year)
		t.claim(key, now, now.Add(time.Minute), true)
		t.claim(key, now.Add(59*time.Second), now.Add(time.Minute), false)
		t.claim(key, now.Add(time.Minute), now.Add(time.Minute), true)
	}
}

func checkClaimsApart(t tester) {
	end := startTime().Add(time.Hour)
	t.claim("key", startTime(), end, true)
	t.wantAbsent("key")
	t.put("key", "value", time.Time{})
	t.claim("key", startTime(), end, false)
	t.must(t.space.Delete(t.ctx, "key"))
	t.claim("key", startTime(), end, false)
	t.increment("key", 1, 1)
	if _, _, err := t.space.Take(t.ctx, "key"); err != nil {
		t.must(err)
	}
	t.claim("key", startTime(), end, false)
	t.put("second", "value", time.Time{})
	t.claim("second", startTime(), end, true)
	t.wantValue("second", "value")
}

func checkManyClaims(t tester) {
	const n, window = 5000, 1000
	for i := range n {
		now := startTime().Add(time.Duration(i) * time.Second)
		t.claim(strconv.Itoa(i), now, now.Add(window*time.Second), true)
		if i%700 == 0 {
			t.reclaim(now)
		}
		for _, age := range []int{0, 1, window / 2, window - 1} {
			if i >= age {
				t.claim(strconv.Itoa(i-age), now, now.Add(window*time.Second), false)
			}
		}
	}
}

// Claims that are judged by two times are forgotten by neither before Forget has passed them.
func checkClaimsOfTimeBehind(t tester) {
	behind, ahead := startTime(), startTime().Add(time.Hour)
	end := behind.Add(15 * time.Minute)
	t.claim("first", behind, end, true)
	for i := range 100 {
		step := store.Claim{Key: strconv.Itoa(i), Now: ahead, Forget: behind, Expires: ahead.Add(time.Minute)}
		t.must(t.space.Do(t.ctx, &step))
	}
	t.claim("first", behind, end, false)
	t.must(t.space.Do(t.ctx, &store.Reclaim{Now: ahead, Claims: behind}))
	t.claim("first", behind, end, false)
	t.claim("first", ahead, ahead.Add(time.Minute), true)
}
