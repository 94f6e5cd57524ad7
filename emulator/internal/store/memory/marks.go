package memory

import (
	"math/bits"
	"time"
)

// marks is a set of hashes that each end at some second: 15 to 18 bytes a member, where a Go map takes up to 40.
// It is an open-addressing table without deletion: what ended is left out when the table is next rebuilt, and it is
// rebuilt whenever it fills up. 61 bits of the key's hash count (3 chose the shard, 58 are kept), so among a million
// keys two are mistaken for one with a chance of 2e-7.
type marks struct {
	// high holds in each slot 58 bits of hash and the upper 6 bits of the end; low holds the lower 32 bits of the
	// end. A free slot is zero in both, since no end is zero.
	high []uint64
	low  []uint32
	used int
	// soonest is the earliest end in the table, or earlier.
	soonest uint64
}

const (
	endBits     = 38 // seconds since 1970, to the year 10680
	highEndMask = 1<<(endBits-32) - 1
	never       = 1<<endBits - 1

	minSlots = 16
)

// endOf returns the second at which a mark ends, rounded up.
func endOf(expires time.Time) uint64 {
	if expires.IsZero() {
		return never
	}
	secs := expires.Unix()
	if expires.Nanosecond() > 0 {
		secs++
	}
	return uint64(min(max(secs, 1), never))
}

// nowSecond rounds down, so that nothing ends too early.
func nowSecond(now time.Time) uint64 { return uint64(min(max(now.Unix(), 0), never-1)) }

// add sets a mark and reports whether there was none that still holds at now.
func (m *marks) add(hash uint64, now, expires time.Time) bool {
	at, end := nowSecond(now), endOf(expires)
	if (m.used+1)*5 > len(m.high)*4 {
		m.rebuild(at)
	}
	return m.set(hash, at, end)
}

// set needs a free slot. Linear probing: at the load of at most 4/5 a new hash passes some 13 slots.
func (m *marks) set(hash, at, end uint64) bool {
	hash &^= highEndMask
	start, _ := bits.Mul64(hash, uint64(len(m.high)))
	for i := int(start); ; i++ {
		if i == len(m.high) {
			i = 0
		}
		high := m.high[i]
		if high != 0 && high&^highEndMask != hash {
			continue // another's, which spares the look at low
		}
		switch old := m.end(i); {
		case old == 0:
			m.used++
		case high&^highEndMask != hash:
			continue
		case old > at:
			return false
		}
		m.high[i], m.low[i] = hash|end>>32, uint32(end)
		m.soonest = min(m.soonest, end)
		return true
	}
}

// end returns the end in slot i, zero when the slot is free.
func (m *marks) end(i int) uint64 {
	return m.high[i]&highEndMask<<32 | uint64(m.low[i])
}

// rebuild makes a new table of what still holds at that second, with half as much room again.
func (m *marks) rebuild(at uint64) {
	size := max(minSlots, (m.countLive(at)+1)*3/2)
	old := *m
	*m = marks{high: make([]uint64, size), low: make([]uint32, size), soonest: never}
	for i, high := range old.high {
		if end := old.end(i); end > at {
			m.set(high, at, end)
		}
	}
}

func (m *marks) countLive(at uint64) int {
	live := 0
	for i := range m.high {
		if m.end(i) > at {
			live++
		}
	}
	return live
}

// reclaim rebuilds the table when most of it ended.
func (m *marks) reclaim(now time.Time) {
	at := nowSecond(now)
	if m.used == 0 || m.soonest > at {
		return
	}
	switch live := m.countLive(at); {
	case live == 0:
		*m = marks{}
	case live < m.used/2:
		m.rebuild(at)
	}
}
