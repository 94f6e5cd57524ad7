package store

import (
	"maps"
	"slices"
	"sort"
	"sync"
)

// logs are the logs of a space; there are few, and they are looked up far more often than made.
type logs struct {
	mu     sync.RWMutex
	byName map[string]*memoryLog
	usage  *usage // nil once the space was cleared
}

func (l *logs) present(name string) *memoryLog {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byName[name]
}

func (l *logs) writable(name string) *memoryLog {
	if found := l.present(name); found != nil {
		return found
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.byName[name]; found != nil {
		return found
	}
	if l.byName == nil {
		l.byName = map[string]*memoryLog{}
	}
	made := &memoryLog{usage: l.usage}
	l.byName[name] = made
	return made
}

// all returns every log.
func (l *logs) all() []*memoryLog {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Values(l.byName))
}

// leave returns every log; those that late callers make are not counted.
func (l *logs) leave() []*memoryLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usage = nil
	return slices.Collect(maps.Values(l.byName))
}

// memoryLog is one log: a ring of the records that are kept.
type memoryLog struct {
	mu      sync.Mutex
	ring    []Record
	oldest  int // index in ring
	kept    int
	bytes   int
	last    uint64
	dropped uint64
	usage   *usage // nil once the space was cleared
}

const minRing = 16

func (l *memoryLog) append(record []byte, bound Bound) uint64 {
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
	*l.at(l.kept) = Record{Seq: l.last, Data: record}
	l.kept++
	l.bytes += len(record)
	l.count(len(record) + recordCost)
	return l.last
}

// count tells the usage of more bytes, or fewer.
func (l *memoryLog) count(bytes int) {
	if l.usage != nil {
		l.usage.logs.Add(int64(bytes))
	}
}

// size is what the log counts for.
func (l *memoryLog) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.bytes + l.kept*recordCost)
}

// cutTo drops the oldest records until the log counts for no more than most.
func (l *memoryLog) cutTo(most int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.kept > 0 && int64(l.bytes+l.kept*recordCost) > most {
		l.dropOldest()
	}
}

// leave gives back what was counted, as the space was cleared.
func (l *memoryLog) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(-l.bytes - l.kept*recordCost)
	l.usage = nil
}

// at returns the place of the i-th record, counted from the oldest.
func (l *memoryLog) at(i int) *Record { return &l.ring[(l.oldest+i)%len(l.ring)] }

func (l *memoryLog) dropOldest() {
	rec := l.at(0)
	l.bytes -= len(rec.Data)
	l.count(-len(rec.Data) - recordCost)
	*rec = Record{}
	l.oldest = (l.oldest + 1) % len(l.ring)
	l.kept--
	l.dropped++
	if len(l.ring) > minRing && l.kept <= len(l.ring)/4 {
		l.resize(len(l.ring) / 2)
	}
}

func (l *memoryLog) resize(size int) {
	ring := make([]Record, size)
	for i := range l.kept {
		ring[i] = *l.at(i)
	}
	l.ring, l.oldest = ring, 0
}

func (l *memoryLog) page(after uint64, limit int) Page {
	l.mu.Lock()
	defer l.mu.Unlock()
	page := Page{First: l.last + 1, Last: l.last, Dropped: l.dropped}
	if l.kept == 0 {
		return page
	}
	page.First = l.at(0).Seq
	from := sort.Search(l.kept, func(i int) bool { return l.at(i).Seq > after })
	n := min(max(limit, 0), l.kept-from)
	page.Records = make([]Record, n)
	for i := range page.Records {
		page.Records[i] = *l.at(from + i)
	}
	return page
}

func (l *memoryLog) truncate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(-l.bytes - l.kept*recordCost)
	l.ring, l.oldest, l.kept, l.bytes, l.dropped = nil, 0, 0, 0, 0
}
