package memory

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Bounds limit what the spaces of a Memory hold, in bytes: the callers bound most of a space by themselves; these
// bounds are for many spaces, for hostile clients, and for sandboxes whose clock stands still, so that nothing expires.
// A zero field means its default.
type Bounds struct {
	// Values bounds keys with their values. A write that would exceed it fails with store.ErrFull, if nothing that has
	// expired beside it can make room.
	Values int64
	// SpaceValues bounds those of one space, so that it takes several to leave the others without room.
	SpaceValues int64
	// Logs bounds the records of all logs. Beyond it the longest logs drop their oldest records.
	Logs int64
	// Marks bounds the keys of store.Claim. Beyond it the shard that grows, an eighth of a space, forgets all of its own.
	Marks int64
}

// The default Bounds.
const (
	MaxValues      = 256 << 20
	MaxSpaceValues = 64 << 20
	MaxLogs        = 256 << 20
	MaxMarks       = 256 << 20
)

func (b Bounds) withDefaults() Bounds {
	return Bounds{
		Values: cmp.Or(b.Values, MaxValues), SpaceValues: cmp.Or(b.SpaceValues, MaxSpaceValues),
		Logs: cmp.Or(b.Logs, MaxLogs), Marks: cmp.Or(b.Marks, MaxMarks),
	}
}

// usage counts what all spaces of a Memory hold together.
type usage struct {
	bounds              Bounds
	values, logs, marks atomic.Int64
}

// spaceUsage counts what one space holds of values, and adds it to what all of them hold.
type spaceUsage struct {
	*usage

	own atomic.Int64
}

// addValues counts more bytes of values, or fewer. With store.ErrFull it counts nothing.
func (u *spaceUsage) addValues(cost int64) error {
	if sum := u.own.Add(cost); cost > 0 && sum > u.bounds.SpaceValues {
		u.own.Add(-cost)
		return store.ErrFull
	}
	err := u.usage.addValues(cost)
	if err != nil {
		u.own.Add(-cost)
	}
	return err
}

const (
	// entryCost and recordCost are the bytes that an entry and a record take beside their data.
	entryCost  = store.EntryCost
	recordCost = 56
	// slotCost is the size of a slot in marks.
	slotCost = 12
	// smallMarks is the number of slots that a shard may always keep, so that one large space costs small ones nothing.
	smallMarks = 128
)

func costOf(key string, e entry) int64 { return int64(len(key)+len(e.value)) + entryCost }

// addValues counts more bytes of values, or fewer. With store.ErrFull it counts nothing.
func (u *usage) addValues(cost int64) error {
	if cost == 0 {
		return nil
	}
	if sum := u.values.Add(cost); cost > 0 && sum > u.bounds.Values {
		u.values.Add(-cost)
		return store.ErrFull
	}
	return nil
}

// addMarks counts more slots of marks, or fewer, and reports whether a shard with that many slots may keep them.
func (u *usage) addMarks(delta, slots int) bool {
	if delta == 0 {
		return true
	}
	sum := u.marks.Add(int64(delta) * slotCost)
	return delta < 0 || slots <= smallMarks || sum <= u.bounds.Marks
}

// trimTarget is the share of Bounds.Logs to which the logs are trimmed, so that not every further record trims again.
const trimTarget = 0.875

// trim trims the longest logs when all logs together exceed the bound. One caller does it; the others go on meanwhile.
func (m *Memory) trim() {
	if m.usage.logs.Load() <= m.usage.bounds.Logs || !m.trimming.TryLock() {
		return
	}
	defer m.trimming.Unlock()
	var all []*log
	m.spaces.Range(func(_, found any) bool {
		all = append(all, found.(*contents).logs.all()...)
		return true
	})
	limit := trimSize(all, int64(trimTarget*float64(m.usage.bounds.Logs)))
	for _, l := range all {
		l.trimTo(limit)
	}
}

// trimSize returns the size to which logs must be trimmed so that all of them fit into total. Shorter logs stay as they
// are.
func trimSize(all []*log, total int64) int64 {
	sizes := make([]int64, len(all))
	for i, l := range all {
		sizes[i] = l.totalSize()
	}
	slices.SortFunc(sizes, cmp.Compare)
	for i, size := range sizes {
		left := int64(len(sizes) - i)
		if size*left > total {
			return total / left
		}
		total -= size
	}
	return total
}
