package memory_test

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// heap returns the bytes of heap memory in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// The tests that measure memory do not run in parallel: the memory of other tests would be counted too.

func TestMillionClaimedKeysAreSmall(t *testing.T) {
	const keys, limit = 1_000_000, 30 << 20
	m := memory.New()
	space := m.Space("one")
	before := heap()
	for i := range keys {
		if ok, err := space.Claim(t.Context(), strconv.Itoa(i), now(), now().Add(time.Hour)); !ok || err != nil {
			t.Fatalf("key %d: %v, %v", i, ok, err)
		}
	}
	used := heap() - before
	t.Logf("%d keys take %d bytes, %.1f each", keys, used, float64(used)/keys)
	if used > limit {
		t.Errorf("%d keys take %d bytes, want at most %d", keys, used, limit)
	}
	if err := space.Reclaim(t.Context(), now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := heap() - before; left > 1<<20 {
		t.Errorf("%d bytes are still in use after all keys were reclaimed", left)
	}
	runtime.KeepAlive(m)
}

func TestReclaimShrinksTheTableOfClaimedKeys(t *testing.T) {
	m := memory.New()
	space := m.Space("one")
	before := heap()
	for i := range 100_000 {
		end := now().Add(time.Minute)
		if i%100 == 0 {
			end = now().Add(time.Hour)
		}
		if ok, err := space.Claim(t.Context(), strconv.Itoa(i), now(), end); !ok || err != nil {
			t.Fatalf("key %d: %v, %v", i, ok, err)
		}
	}
	if err := space.Reclaim(t.Context(), now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if left := heap() - before; left > 200_000 {
		t.Errorf("1000 keys take %d bytes after the others expired", left)
	}
	runtime.KeepAlive(m)
}

// The memory must not grow without Reclaim either: new claims take the room of expired ones.
func TestClaimedKeysStayBoundedWithoutReclaim(t *testing.T) {
	const keys, perSecond, window, limit = 500_000, 1000, 10 * time.Second, 1 << 20
	m := memory.New()
	space := m.Space("one")
	before := heap()
	for i := range keys {
		at := now().Add(time.Duration(i) * time.Second / perSecond)
		if ok, err := space.Claim(t.Context(), strconv.Itoa(i), at, at.Add(window)); !ok || err != nil {
			t.Fatalf("key %d: %v, %v", i, ok, err)
		}
	}
	if used := heap() - before; used > limit {
		t.Errorf("%d bytes are in use, want at most %d", used, limit)
	}
	runtime.KeepAlive(m)
}

func TestReclaimGivesMemoryBack(t *testing.T) {
	m := memory.New()
	space := m.Space("one")
	before := heap()
	for i := range 200_000 {
		if err := space.Put(t.Context(), strconv.Itoa(i), []byte("v"), now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := space.Reclaim(t.Context(), now()); err != nil {
		t.Fatal(err)
	}
	if left := heap() - before; left > 1<<20 {
		t.Errorf("%d bytes are still in use after everything was reclaimed", left)
	}
	runtime.KeepAlive(m)
}

func TestDroppedRecordsAreFreed(t *testing.T) {
	m := memory.New()
	space := m.Space("one")
	before := heap()
	for range 100_000 {
		record := []byte(strings.Repeat("x", 1000))
		if _, err := space.Append(t.Context(), "log", record, store.Bound{Records: 100, Bytes: 50_000}); err != nil {
			t.Fatal(err)
		}
	}
	if used := heap() - before; used > 200_000 {
		t.Errorf("a log bounded to 50000 bytes uses %d bytes", used)
	}
	for range 10 {
		record := []byte(strings.Repeat("x", 100_000))
		if _, err := space.Append(t.Context(), "large", record, store.Bound{Records: 10, Bytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := space.Append(t.Context(), "large", []byte("x"), store.Bound{Records: 1, Bytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if used := heap() - before; used > 200_000 {
		t.Errorf("a log with one byte left uses %d bytes", used)
	}
	runtime.KeepAlive(m)
}

func TestClearedSpacesTakeNoMemory(t *testing.T) {
	m := memory.New()
	before := heap()
	for i := range 100_000 {
		space := m.Space(strconv.Itoa(i))
		if err := space.Put(t.Context(), "key", []byte("value"), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := space.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if left := heap() - before; left > 1<<20 {
		t.Errorf("%d bytes are still in use after all spaces were cleared", left)
	}
	runtime.KeepAlive(m)
}

func BenchmarkGet(b *testing.B) {
	space := memory.New().Space("one")
	if err := space.Put(b.Context(), "clock", []byte("value"), time.Time{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, ok, _ := space.Get(b.Context(), "clock"); !ok {
				b.Error("the key is absent")
			}
		}
	})
}

func BenchmarkClaim(b *testing.B) {
	space := memory.New().Space("one")
	var caller atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		prefix, key := strconv.FormatInt(caller.Add(1), 10)+"/", []byte(nil)
		for i := int64(0); p.Next(); i++ {
			key = strconv.AppendInt(append(key[:0], prefix...), i, 10)
			// 1000 keys a second for 15 minutes: some 900,000 are live at a time.
			at := now().Add(time.Duration(i) * time.Millisecond)
			if ok, _ := space.Claim(b.Context(), string(key), at, at.Add(15*time.Minute)); !ok {
				b.Error("a new key could not be claimed")
			}
		}
	})
}

func BenchmarkIncrement(b *testing.B) {
	space := memory.New().Space("one")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := space.Increment(b.Context(), "calls", 1, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	space := memory.New().Space("one")
	record := []byte(strings.Repeat("x", 1000))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := space.Append(b.Context(), "log", record, store.Bound{Records: 1000, Bytes: 8 << 20}); err != nil {
				b.Error(err)
			}
		}
	})
}
