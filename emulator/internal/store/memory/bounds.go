package memory

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Bounds limit what all spaces of a Memory hold together, in bytes. Each space has bounds of its own from above; these
// are for many spaces, and for what a clock that stands still never lets expire. Zero fields mean the defaults.
type Bounds struct {
	// Values are keys with their values. Beyond it nothing more is kept: store.ErrFull.
	Values int64
	// Logs are their records. Beyond it the oldest records of the longest logs give way, as to a log's own Bound.
	Logs int64
	// Marks are the keys of store.Claim. Beyond it the part of a space that grows forgets its own.
	Marks int64
}

// The default Bounds.
const (
	MaxValues = 256 << 20
	MaxLogs   = 256 << 20
	MaxMarks  = 256 << 20
)

func (b Bounds) withDefaults() Bounds {
	return Bounds{cmp.Or(b.Values, MaxValues), cmp.Or(b.Logs, MaxLogs), cmp.Or(b.Marks, MaxMarks)}
}

// usage is what all spaces of a Memory hold.
type usage struct {
	bounds              Bounds
	values, logs, marks atomic.Int64
}

const (
	// entryCost and recordCost are what the bookkeeping of an entry and of a record takes.
	entryCost  = 96
	recordCost = 56
	// slotCost is that of a slot in marks.
	slotCost = 12
	// smallMarks is the number of slots that no shard has to give back, so that a full space spares small ones.
	smallMarks = 128
)

func costOf(key string, e entry) int64 { return int64(len(key)+len(e.value)) + entryCost }

// take accounts for more values, or fewer. store.ErrFull takes nothing.
func (u *usage) take(cost int64) error {
	if cost == 0 {
		return nil
	}
	if sum := u.values.Add(cost); cost > 0 && sum > u.bounds.Values {
		u.values.Add(-cost)
		return store.ErrFull
	}
	return nil
}

// grow accounts for slots of marks, and reports whether a shard of so many may keep them.
func (u *usage) grow(by, slots int) bool {
	if by == 0 {
		return true
	}
	sum := u.marks.Add(int64(by) * slotCost)
	return by < 0 || slots <= smallMarks || sum <= u.bounds.Marks
}

// trimmed is the part of Bounds.Logs to which logs are cut back, so that it is not done for every record.
const trimmed = 0.875

// trim cuts the longest logs back once all together are over the bound. Others go on meanwhile.
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
	most := level(all, int64(trimmed*float64(m.usage.bounds.Logs)))
	for _, l := range all {
		l.cutTo(most)
	}
}

// level is the size to which logs are to be cut so that they fit into a total; shorter ones stay as they are.
func level(all []*log, total int64) int64 {
	sizes := make([]int64, len(all))
	for i, l := range all {
		sizes[i] = l.counted()
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
