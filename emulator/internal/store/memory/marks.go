package memory

import (
	"math/bits"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// marks is a set of hashes, each with the second at which it expires. It takes 15 to 18 bytes a hash, where a Go map
// takes up to 40. It is an open-addressing table without deletion: it is rebuilt when it fills up, without the hashes
// that have expired. 61 bits of the key's hash are used (3 choose the shard, 58 are kept), so among a million keys two
// are mistaken for the same one with a probability of 2e-7.
type marks struct {
	// high holds in each slot 58 bits of hash and the upper 6 bits of the end; low holds the lower 32 bits of the
	// end. A free slot is zero in both, since no end is zero.
	high []uint64
	low  []uint32
	used int
	// nextExpiry is no later than the earliest end in the table.
	nextExpiry uint64
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

// nowSecond returns now in seconds, rounded down so that nothing ends too early.
func nowSecond(now time.Time) uint64 { return uint64(min(max(now.Unix(), 0), never-1)) }

// add sets a mark, unless there is one that has not ended at the claim's time, and reports whether it did.
func (m *marks) add(hash uint64, claim *store.Claim) bool {
	if (m.used+1)*5 > len(m.high)*4 {
		forget := claim.Forget
		if forget.IsZero() {
			forget = claim.Now
		}
		m.rebuild(nowSecond(forget))
	}
	return m.set(hash, nowSecond(claim.Now), endOf(claim.Expires))
}

// set sets a mark by linear probing, and needs a free slot. As at most 4/5 are used, a new hash tries some 13 slots.
func (m *marks) set(hash, at, end uint64) bool {
	hash &^= highEndMask
	start, _ := bits.Mul64(hash, uint64(len(m.high)))
	for i := int(start); ; i++ {
		if i == len(m.high) {
			i = 0
		}
		high := m.high[i]
		if high != 0 && high&^highEndMask != hash {
			continue // another hash's; low need not be read
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
		m.nextExpiry = min(m.nextExpiry, end)
		return true
	}
}

// end returns the end in slot i, zero when the slot is free.
func (m *marks) end(i int) uint64 {
	return m.high[i]&highEndMask<<32 | uint64(m.low[i])
}

// rebuild makes a new table of the marks that have not ended at that second, with half as much room again.
func (m *marks) rebuild(at uint64) {
	size := max(minSlots, (m.countLive(at)+1)*3/2)
	old := *m
	*m = marks{high: make([]uint64, size), low: make([]uint32, size), nextExpiry: never}
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

// reclaim rebuilds the table when most of its marks have ended.
func (m *marks) reclaim(now time.Time) {
	at := nowSecond(now)
	if m.used == 0 || m.nextExpiry > at {
		return
	}
	switch live := m.countLive(at); {
	case live == 0:
		*m = marks{}
	case live < m.used/2:
		m.rebuild(at)
	}
}
