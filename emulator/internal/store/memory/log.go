package memory

import (
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// logs are the logs of a space; there are few, and they are looked up far more often than made.
type logs struct {
	mu     sync.RWMutex
	byName map[string]*log
	usage  *usage // nil once the space was cleared
}

func (l *logs) present(name string) *log {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byName[name]
}

func (l *logs) writable(name string) *log {
	if found := l.present(name); found != nil {
		return found
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.byName[name]; found != nil {
		return found
	}
	if l.byName == nil {
		l.byName = map[string]*log{}
	}
	made := &log{usage: l.usage}
	l.byName[name] = made
	return made
}

// all returns every log.
func (l *logs) all() []*log {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Values(l.byName))
}

// leave returns every log; those that late callers make are not counted.
func (l *logs) leave() []*log {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usage = nil
	return slices.Collect(maps.Values(l.byName))
}

// kept is a record with the id by which it is found.
type kept struct {
	store.Record

	id string
}

// size is what a record counts for in the bound of all logs.
func (k *kept) size() int { return len(k.Data) + len(k.id) + recordCost }

// log is one log: a ring of the records that are kept.
type log struct {
	mu      sync.Mutex
	ring    []kept
	oldest  int // index in ring
	kept    int
	bytes   int // of the records
	size    int // what they count for
	last    uint64
	dropped uint64
	usage   *usage // nil once the space was cleared
}

const minRing = 16

func (l *log) append(id string, record []byte, bound store.Bound) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	if len(record) > bound.Bytes || bound.Records < 1 {
		l.dropped++
		return l.last
	}
	for l.kept > 0 && (l.kept >= bound.Records || l.bytes+len(record) > bound.Bytes) {
		l.dropOldest()
	}
	if l.kept == len(l.ring) {
		l.resize(max(minRing, 2*l.kept))
	}
	added := l.at(l.kept)
	*added = kept{store.Record{Seq: l.last, Data: record}, id}
	l.kept++
	l.bytes += len(record)
	l.count(added.size())
	return l.last
}

// count takes more into account, or less.
func (l *log) count(size int) {
	l.size += size
	if l.usage != nil {
		l.usage.logs.Add(int64(size))
	}
}

// counted is what the log counts for.
func (l *log) counted() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.size)
}

// cutTo drops the oldest records until the log counts for no more than most.
func (l *log) cutTo(most int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.kept > 0 && int64(l.bytes+l.kept*recordCost) > most {
		l.dropOldest()
	}
}

// leave gives back what was counted, as the space was cleared.
func (l *log) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(-l.size)
	l.usage = nil
}

// at returns the place of the i-th record, counted from the oldest.
func (l *log) at(i int) *kept { return &l.ring[(l.oldest+i)%len(l.ring)] }

func (l *log) dropOldest() {
	rec := l.at(0)
	l.bytes -= len(rec.Data)
	l.count(-rec.size())
	*rec = kept{}
	l.oldest = (l.oldest + 1) % len(l.ring)
	l.kept--
	l.dropped++
	if len(l.ring) > minRing && l.kept <= len(l.ring)/4 {
		l.resize(len(l.ring) / 2)
	}
}

func (l *log) resize(size int) {
	ring := make([]kept, size)
	for i := range l.kept {
		ring[i] = *l.at(i)
	}
	l.ring, l.oldest = ring, 0
}

func (l *log) page(after uint64, limit int) store.Page {
	l.mu.Lock()
	defer l.mu.Unlock()
	page := store.Page{First: l.last + 1, Last: l.last, Dropped: l.dropped}
	if l.kept == 0 {
		return page
	}
	page.First = l.at(0).Seq
	from := sort.Search(l.kept, func(i int) bool { return l.at(i).Seq > after })
	n := min(max(limit, 0), l.kept-from)
	page.Records = make([]store.Record, n)
	for i := range page.Records {
		page.Records[i] = l.at(from + i).Record
	}
	return page
}

// find returns the latest record of an id, and how many records were dropped.
func (l *log) find(id string) (found store.Record, ok bool, dropped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := l.kept - 1; i >= 0; i-- {
		if at := l.at(i); at.id == id {
			return at.Record, true, l.dropped
		}
	}
	return store.Record{}, false, l.dropped
}

func (l *log) truncate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(-l.size)
	l.ring, l.oldest, l.kept, l.bytes, l.dropped = nil, 0, 0, 0, 0
}
