package memory

import (
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// logs are the logs of a space: a few, which are looked up far more often than made.
type logs struct {
	mu     sync.RWMutex
	byName map[string]*log
	usage  *usage
}

func (l *logs) existing(name string) *log {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byName[name]
}

func (l *logs) getOrCreate(name string) *log {
	if found := l.existing(name); found != nil {
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

// clear removes every log.
func (l *logs) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, each := range l.byName {
		each.truncate() // whoever trims the logs may hold it still
	}
	l.byName = nil
}

// keptRecord is a record with the id by which it is found.
type keptRecord struct {
	store.Record

	id string
}

// size is what a record counts for in the bound of all logs, in bytes.
func (k *keptRecord) size() int { return len(k.Data) + len(k.id) + recordCost }

// log is one log. It keeps its records in a ring.
type log struct {
	mu      sync.Mutex
	ring    []keptRecord
	oldest  int // index in ring
	length  int // the number of records
	bytes   int // of the records' data
	size    int // of the records, with their bookkeeping
	last    uint64
	dropped uint64
	usage   *usage
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
	for l.length > 0 && (l.length >= bound.Records || l.bytes+len(record) > bound.Bytes) {
		l.dropOldest()
	}
	if l.length == len(l.ring) {
		l.resize(max(minRing, 2*l.length))
	}
	added := l.at(l.length)
	*added = keptRecord{store.Record{Seq: l.last, Data: record}, id}
	l.length++
	l.bytes += len(record)
	l.addSize(added.size())
	return l.last
}

// addSize counts more, or less, for the log.
func (l *log) addSize(size int) {
	l.size += size
	l.usage.logs.Add(int64(size))
}

// totalSize is what the log counts for in the bound of all logs.
func (l *log) totalSize() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.size)
}

// trimTo drops the oldest records until the log counts for no more than limit.
func (l *log) trimTo(limit int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.length > 0 && int64(l.bytes+l.length*recordCost) > limit {
		l.dropOldest()
	}
}

// at returns the slot of the i-th record, counted from the oldest.
func (l *log) at(i int) *keptRecord { return &l.ring[(l.oldest+i)%len(l.ring)] }

func (l *log) dropOldest() {
	rec := l.at(0)
	l.bytes -= len(rec.Data)
	l.addSize(-rec.size())
	*rec = keptRecord{}
	l.oldest = (l.oldest + 1) % len(l.ring)
	l.length--
	l.dropped++
	if len(l.ring) > minRing && l.length <= len(l.ring)/4 {
		l.resize(len(l.ring) / 2)
	}
}

func (l *log) resize(size int) {
	ring := make([]keptRecord, size)
	for i := range l.length {
		ring[i] = *l.at(i)
	}
	l.ring, l.oldest = ring, 0
}

func (l *log) page(after uint64, limit int) store.Page {
	l.mu.Lock()
	defer l.mu.Unlock()
	page := store.Page{First: l.last + 1, Last: l.last, Dropped: l.dropped}
	if l.length == 0 {
		return page
	}
	page.First = l.at(0).Seq
	from := sort.Search(l.length, func(i int) bool { return l.at(i).Seq > after })
	n := min(max(limit, 0), l.length-from)
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
	for i := l.length - 1; i >= 0; i-- {
		if at := l.at(i); at.id == id {
			return at.Record, true, l.dropped
		}
	}
	return store.Record{}, false, l.dropped
}

func (l *log) truncate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addSize(-l.size)
	l.ring, l.oldest, l.length, l.bytes, l.dropped = nil, 0, 0, 0, 0
}
