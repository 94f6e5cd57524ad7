package memory_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	m := memory.NewWithin(memory.Bounds{Values: 100_000})
	value := []byte(strings.Repeat("x", 1000))
	fill := func(space store.Space) (n int) {
		for ; n < 1000; n++ {
			if err := space.Put(t.Context(), strconv.Itoa(n), value, time.Time{}); err != nil {
				if !errors.Is(err, store.ErrFull) {
					t.Fatal(err)
				}
				return n
			}
		}
		return n
	}
	one, other := m.Space("one"), m.Space("other")
	n := fill(one)
	if n < 80 || n > 100 {
		t.Errorf("%d values of 1000 bytes fit into 100000 bytes", n)
	}
	if got := fill(other); got != 0 {
		t.Errorf("%d more values fit into another space", got)
	}
	for name, write := range map[string]func() error{
		"increment": func() error { _, err := other.Increment(t.Context(), "n", 1, time.Time{}); return err },
		"update": func() error {
			return other.Update(t.Context(), "u", func([]byte) ([]byte, time.Time, error) { return value, time.Time{}, nil })
		},
	} {
		if err := write(); !errors.Is(err, store.ErrFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := one.Put(t.Context(), "0", value[:10], time.Time{}); err != nil {
		t.Errorf("replace a value by a shorter one: %v", err)
	}
	if _, ok, err := other.Get(t.Context(), "u"); ok || err != nil {
		t.Errorf("a value that did not fit is kept: %v", err)
	}
	for round, free := range []func() error{
		func() error { return one.Clear(t.Context()) },
		func() error { return one.Clear(t.Context()) },
		func() error {
			for i := range n {
				if err := one.Delete(t.Context(), strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		if err := free(); err != nil {
			t.Fatal(err)
		}
		if again := fill(one); again != n {
			t.Errorf("round %d: %d fit after all was freed, %d before", round, again, n)
		}
	}
}

// One space does not take the room of all.
func TestValuesOfASpaceAreBounded(t *testing.T) {
	t.Parallel()
	m := memory.NewWithin(memory.Bounds{Values: 100_000, SpaceValues: 20_000})
	var full int
	for i := range 6 {
		space := m.Space(strconv.Itoa(i))
		n := 0
		for ; n < 100 && space.Put(t.Context(), strconv.Itoa(n), make([]byte, 900), time.Time{}) == nil; n++ {
		}
		if n == 0 {
			full++
		} else if n < 18 || n > 20 {
			t.Errorf("%d values of 1000 bytes fit into a space of 20000", n)
		}
		if i == 0 {
			if err := space.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if full != 0 {
		t.Errorf("%d of 6 spaces have no room", full)
	}
}

// What has expired by the last time that a caller named makes room for what comes.
func TestAFullSpaceForgetsWhatExpired(t *testing.T) {
	t.Parallel()
	space := memory.NewWithin(memory.Bounds{SpaceValues: 20_000}).Space("one")
	put := func(key string) error {
		return space.Put(t.Context(), key, make([]byte, 100), now().Add(time.Hour))
	}
	n := 0
	for ; put(strconv.Itoa(n)) == nil; n++ {
	}
	if n < 50 {
		t.Fatalf("%d values fit", n)
	}
	for i := range 64 { // a claim tells a shard the time; there are eight
		if _, err := space.Claim(t.Context(), strconv.Itoa(i), now().Add(time.Hour), now().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		if err := put("later" + strconv.Itoa(i)); err != nil {
			t.Errorf("value %d behind the expired ones: %v", i, err)
		}
	}
	if err := put("0"); err != nil {
		t.Errorf("a value in place of one that expired: %v", err)
	}
}

// Expired values make room once they are reclaimed.
func TestExpiredValuesMakeRoom(t *testing.T) {
	t.Parallel()
	space := memory.NewWithin(memory.Bounds{Values: 10_000}).Space("one")
	for round := range 3 {
		for i := range 40 {
			if err := space.Put(t.Context(), fmt.Sprint(round, i), make([]byte, 100), now().Add(time.Hour)); err != nil {
				t.Fatalf("round %d, value %d: %v", round, i, err)
			}
		}
		if err := space.Reclaim(t.Context(), now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

// The longest logs are trimmed, short ones stay whole, and every dropped record is counted.
func TestLogsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	m := memory.NewWithin(memory.Bounds{Logs: 1 << 20})
	own := store.Bound{Records: 1 << 20, Bytes: 1 << 30}
	short := m.Space("short")
	appendTo := func(space store.Space, n int) {
		for range n {
			if _, err := space.Append(t.Context(), "log", make([]byte, 1000), own); err != nil {
				t.Fatal(err)
			}
		}
	}
	appendTo(short, 20)
	for i := range 10 {
		appendTo(m.Space(strconv.Itoa(i)), 500)
	}
	held := 0
	for i := range 10 {
		page, err := m.Space(strconv.Itoa(i)).Range(t.Context(), "log", 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		held += len(page.Records)
		if uint64(len(page.Records))+page.Dropped != 500 || page.Last != 500 {
			t.Errorf("log %d: %d kept, %d dropped, the last has number %d", i, len(page.Records), page.Dropped, page.Last)
		}
	}
	if page, _ := short.Range(t.Context(), "log", 0, 1000); len(page.Records) != 20 {
		t.Errorf("the short log has %d records left", len(page.Records))
	}
	if held < 500 || held > 1<<20/1000 {
		t.Errorf("%d records of 1000 bytes are held", held)
	}
	for i := range 10 {
		if err := m.Space(strconv.Itoa(i)).Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(short, 900)
	if page, _ := short.Range(t.Context(), "log", 0, 1000); len(page.Records) != 920 {
		t.Errorf("%d records where there was room for 920: what was cleared still counts", len(page.Records))
	}
}

// A space that grows beyond the bound forgets claimed keys; small spaces remember theirs.
func TestMarksAreBoundedTogether(t *testing.T) {
	t.Parallel()
	m := memory.NewWithin(memory.Bounds{Marks: 1 << 20})
	small, big := m.Space("small"), m.Space("big")
	mark := func(space store.Space, key string) bool {
		fresh, err := space.Claim(t.Context(), key, now(), now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	mark(small, "first")
	for i := range 400_000 { // of 12 bytes each and more
		mark(big, strconv.Itoa(i))
	}
	if mark(small, "first") {
		t.Error("a small space forgot")
	}
	for i := range 100 {
		mark(small, strconv.Itoa(i))
	}
	if mark(small, "first") || mark(small, "7") {
		t.Error("a small space forgot because another one is big")
	}
	if err := big.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		mark(small, strconv.Itoa(i))
	}
	if mark(small, "first") || mark(small, "9000") {
		t.Error("what was cleared still counts")
	}
}

// The counts are right after concurrent calls of every kind.
func TestBoundsUnderRace(t *testing.T) {
	t.Parallel()
	m := memory.NewWithin(memory.Bounds{Values: 1 << 20, Logs: 1 << 16, Marks: 1 << 16})
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := range 3000 {
				space := m.Space(strconv.Itoa((worker + i) % 5))
				key := strconv.Itoa(i % 50)
				_ = space.Put(t.Context(), key, make([]byte, i%100), now())
				_, _ = space.Claim(t.Context(), strconv.Itoa(i), now(), now().Add(time.Hour))
				_, _ = space.Append(t.Context(), "log", make([]byte, 100), store.Bound{Records: 100, Bytes: 1 << 20})
				switch i % 100 {
				case 7:
					_ = space.Clear(t.Context())
				case 8:
					_ = space.Reclaim(t.Context(), now())
				case 9:
					_ = space.Truncate(t.Context(), "log")
				case 10:
					_, _, _ = space.Take(t.Context(), key)
				}
			}
		})
	}
	workers.Wait()
	for i := range 5 {
		if err := m.Space(strconv.Itoa(i)).Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if held := memory.Held(m); held != [3]int64{} {
		t.Errorf("%v bytes of values, logs and marks are counted in an empty memory", held)
	}
}
