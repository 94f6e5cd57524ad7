package redis_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// claimMany claims that many keys, some at a time.
func claimMany(t *testing.T, space store.Space, from, n int, now, expires time.Time) {
	t.Helper()
	const atOnce = 1000
	for ; n > 0; n -= atOnce {
		var steps []store.Step
		for range min(n, atOnce) {
			steps = append(steps, &store.Claim{Key: strconv.Itoa(from), Now: now, Expires: expires})
			from++
		}
		if err := space.Do(t.Context(), steps...); err != nil {
			t.Fatal(err)
		}
		if last := steps[len(steps)-1].(*store.Claim); !last.Fresh {
			t.Fatalf("%s could not be claimed", last.Key)
		}
	}
}

// It does not run in parallel: it measures.
func TestMillionClaimedKeysAreSmall(t *testing.T) {
	const keys, most = 1_000_000, 24
	server := redistest.Start(t)
	space := open(t, server.URL()).Space("one")
	before := server.Info("used_memory_dataset")
	claimMany(t, space, 0, keys, start(), start().Add(15*time.Minute))
	used := float64(server.Info("used_memory_dataset")-before) / keys
	t.Logf("%d keys take %.1f bytes each", keys, used)
	if used > most {
		t.Errorf("a claimed key takes %.1f bytes, want at most %d", used, most)
	}
	if err := space.Reclaim(t.Context(), start().Add(15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if left := server.Info("used_memory_dataset") - before; left > 1<<20 {
		t.Errorf("%d bytes are in use after all were reclaimed", left)
	}
}

// New claims take the room of expired ones without a Reclaim.
func TestClaimedKeysStayBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	space := open(t, server.URL()).Space("one")
	before := server.Info("used_memory_dataset")
	for i := range 200 {
		now := start().Add(time.Duration(i) * time.Second)
		claimMany(t, space, i*1000, 1000, now, now.Add(10*time.Second))
	}
	if used := server.Info("used_memory_dataset") - before; used > 1<<20 {
		t.Errorf("%d bytes are in use for 10000 live keys", used)
	}
}

func TestClaimsOfASpaceAreBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	space := openWithin(t, server.URL(), redis.Bounds{SpaceClaims: 10_000}).Space("one")
	before := server.Info("used_memory_dataset")
	claimMany(t, space, 0, 100_000, start(), time.Time{})
	if used := server.Info("used_memory_dataset") - before; used > 1<<20 {
		t.Errorf("%d bytes are in use where 10000 keys may be claimed", used)
	}
}

// fill puts values of a thousand bytes until there is no room, and returns how many fit.
func fill(t *testing.T, space store.Space, expires time.Time) (n int) {
	t.Helper()
	for ; n < 1000; n++ {
		err := space.Put(t.Context(), strconv.Itoa(n), []byte(strings.Repeat("x", 900)), expires)
		if errors.Is(err, store.ErrFull) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestValuesOfASpaceAreBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := openWithin(t, server.URL(), redis.Bounds{SpaceValues: 100_000})
	one, other := s.Space("one"), s.Space("other")
	n := fill(t, one, time.Time{})
	if n < 90 || n > 100 {
		t.Errorf("%d values of 1000 bytes fit into 100000", n)
	}
	if _, err := one.Increment(t.Context(), "a counter of its own with a long name", 1, time.Time{}); n*999 > 99_900 &&
		!errors.Is(err, store.ErrFull) {
		t.Errorf("Increment = %v", err)
	}
	set := func([]byte) ([]byte, time.Time, error) { return make([]byte, 2000), time.Time{}, nil }
	if err := one.Update(t.Context(), "u", set); !errors.Is(err, store.ErrFull) {
		t.Errorf("Update = %v, want ErrFull", err)
	}
	if err := one.Put(t.Context(), "0", nil, time.Time{}); err != nil {
		t.Errorf("a shorter value: %v", err)
	}
	if again := fill(t, other, time.Time{}); again != n {
		t.Errorf("%d fit into another space", again)
	}
	for range 2 { // what was removed does not count
		if err := one.Do(t.Context(), &store.Drop{}); err != nil {
			t.Fatal(err)
		}
		if again := fill(t, one, time.Time{}); again != n {
			t.Errorf("%d fit after all was dropped", again)
		}
		if err := one.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if again := fill(t, one, time.Time{}); again != n {
			t.Errorf("%d fit after all was cleared", again)
		}
	}
}

// What has expired by the last time that a caller named makes room for what comes.
func TestAFullSpaceForgetsWhatExpired(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	space := openWithin(t, server.URL(), redis.Bounds{SpaceValues: 100_000}).Space("one")
	n := fill(t, space, start().Add(time.Minute))
	if fill(t, space, start().Add(time.Minute)); n > 100 {
		t.Fatalf("%d fit", n)
	}
	if _, err := space.Claim(t.Context(), "nonce", start().Add(time.Minute), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if again := fill(t, space, time.Time{}); again != n {
		t.Errorf("%d values took the room of %d", again, n)
	}
}

// eventually waits until something holds, since what all spaces hold is told once a second.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range 500 {
		if holds() {
			return
		}
		<-ticker.C
	}
	t.Errorf("not within ten seconds: %s", what)
}

func TestValuesOfAllSpacesAreBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	bounds := redis.Bounds{Values: 100_000, SpaceValues: 80_000}
	one, other := openWithin(t, server.URL(), bounds), openWithin(t, server.URL(), bounds)
	fill(t, one.Space("one"), time.Time{})
	fill(t, one.Space("two"), time.Time{})
	tries := 0
	put := func() error {
		tries++
		return other.Space("three").Put(t.Context(), strconv.Itoa(tries), []byte("value"), time.Time{})
	}
	eventually(t, "another process refuses a value", func() bool { return errors.Is(put(), store.ErrFull) })
	if err := one.Space("one").Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process takes a value", func() bool { return put() == nil })
}

// The longest logs are trimmed, short ones stay whole.
func TestLogsOfAllSpacesAreBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := openWithin(t, server.URL(), redis.Bounds{Logs: 200_000})
	kept := func(space store.Space) int {
		page, err := space.Range(t.Context(), "log", 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if page.Dropped+uint64(len(page.Records)) != page.Last {
			t.Errorf("%d kept and %d dropped of %d", len(page.Records), page.Dropped, page.Last)
		}
		return len(page.Records)
	}
	appendTo := func(space store.Space, n int) {
		for range n {
			if _, err := space.Append(t.Context(), "log", make([]byte, 1000), store.Bound{Records: 1000, Bytes: 1 << 30}); err != nil {
				t.Fatal(err)
			}
		}
	}
	short, long, longer := s.Space("short"), s.Space("long"), s.Space("longer")
	appendTo(short, 20)
	appendTo(long, 200)
	appendTo(longer, 400)
	eventually(t, "the long logs are trimmed", func() bool { return kept(long)+kept(longer) < 200 })
	if n := kept(short); n != 20 {
		t.Errorf("the short log has %d records left", n)
	}
	if n := kept(long) + kept(longer); n < 100 {
		t.Errorf("the long logs have %d records left", n)
	}
}

// A server that evicts keys, against what docs/sharing.md asks, takes records along: the log goes on empty.
func TestEvictedRecords(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	space := open(t, server.URL()).Space("one")
	bound := store.Bound{Records: 3, Bytes: 1000}
	for range 3 {
		if _, err := space.Append(t.Context(), "log", []byte("record"), bound); err != nil {
			t.Fatal(err)
		}
	}
	server.Do("DEL", "tokenstage:1:{s:one}:records")
	page, err := space.Range(t.Context(), "log", 0, 10)
	if err != nil || len(page.Records) != 0 || page.First != 4 || page.Last != 3 {
		t.Errorf("%+v, %v", page, err)
	}
	if seq, err := space.Append(t.Context(), "log", []byte("record"), bound); err != nil || seq != 4 {
		t.Errorf("Append = %d, %v", seq, err)
	}
	if page, err := space.Range(t.Context(), "log", 0, 10); err != nil || len(page.Records) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}
