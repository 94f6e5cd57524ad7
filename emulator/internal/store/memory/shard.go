package memory

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// shard holds a part of a space's keys under one lock.
type shard struct {
	mu     sync.Mutex
	values map[string]entry
	// peak is the largest len of values since the map was made.
	peak int
	// nextExpiry is no later than the earliest expiry among values; zero when none expires.
	nextExpiry time.Time
	marks      marks
	// lastNow is the last time that a caller named.
	lastNow time.Time
	usage   *spaceUsage
}

// entry is one key's value, or a counter when value is nil.
type entry struct {
	value   []byte
	count   int64
	expires time.Time
}

// text is the value that readers get; for a counter its decimal text.
func (e entry) text() []byte {
	if e.value == nil {
		return strconv.AppendInt(nil, e.count, 10)
	}
	return e.value
}

// expired reports whether e may be removed at now.
func (e entry) expired(now time.Time) bool { return !e.expires.IsZero() && !e.expires.After(now) }

func (s *shard) get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.values[key]
	if !ok {
		return nil, false
	}
	return e.text(), true
}

// read returns a key with all that is kept of it.
func (s *shard) read(key string) (store.Value, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.values[key]
	if !ok {
		return store.Value{}, false
	}
	return store.Value{Key: key, Value: e.text(), Expires: e.expires}, true
}

func (s *shard) take(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.values[key]
	if !ok {
		return nil, false
	}
	s.drop(key, e)
	return e.text(), true
}

func (s *shard) put(key string, value []byte, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, replaces := s.values[key]
	return s.set(key, old, replaces, entry{value: notNil(value), expires: expires})
}

// add sets a key that is absent.
func (s *shard) add(key string, value []byte, expires time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, there := s.values[key]
	if there {
		return false, nil
	}
	err := s.set(key, old, false, entry{value: notNil(value), expires: expires})
	return err == nil, err
}

// exchange sets a key and returns its old value.
func (s *shard) exchange(key string, value []byte, expires time.Time) (text []byte, replaces bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, replaces := s.values[key]
	if replaces {
		text = old.text()
	}
	return text, replaces, s.set(key, old, replaces, entry{value: notNil(value), expires: expires})
}

// keys appends the keys that begin with prefix.
func (s *shard) keys(to []string, prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.values {
		if strings.HasPrefix(key, prefix) {
			to = append(to, key)
		}
	}
	return to
}

// notNil returns an empty value for nil, which would mean a counter.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// set stores e, in place of old where there was a value.
func (s *shard) set(key string, old entry, replaces bool, e entry) error {
	cost := costOf(key, e)
	if replaces {
		cost -= costOf(key, old)
	}
	if err := s.usage.addValues(cost); err != nil {
		if !s.makeRoom(key) || s.usage.addValues(cost) != nil {
			return err
		}
	}
	if s.values == nil {
		s.values = map[string]entry{}
	}
	s.values[key] = e
	s.peak = max(s.peak, len(s.values))
	s.noteExpiry(e.expires)
	return nil
}

// makeRoom removes what has expired, but for one key, and reports whether there was something.
func (s *shard) makeRoom(but string) bool {
	if s.nextExpiry.IsZero() || s.nextExpiry.After(s.lastNow) {
		return false
	}
	before := len(s.values)
	s.removeExpired(s.lastNow, but)
	return len(s.values) < before
}

// drop removes an entry.
func (s *shard) drop(key string, e entry) {
	delete(s.values, key)
	_ = s.usage.addValues(-costOf(key, e)) // giving back never fails
}

// noteExpiry notes that a value expires at that time.
func (s *shard) noteExpiry(expires time.Time) {
	if !expires.IsZero() && (s.nextExpiry.IsZero() || expires.Before(s.nextExpiry)) {
		s.nextExpiry = expires
	}
}

var errNotCounter = errors.New("the key holds a value that is not a counter")

func (s *shard) increment(key string, delta int64, expires time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, replaces := s.values[key]
	sum := old.count + delta
	if old.value != nil {
		count, err := strconv.ParseInt(string(old.value), 10, 64)
		if err != nil {
			return 0, errNotCounter
		}
		sum = count + delta
	}
	return sum, s.set(key, old, replaces, entry{count: sum, expires: expires})
}

func (s *shard) update(key string, change func([]byte) ([]byte, time.Time, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, replaces := s.values[key]
	var text []byte
	if replaces {
		text = old.text()
	}
	value, expires, err := change(text)
	if err != nil {
		return err
	}
	return s.set(key, old, replaces, entry{value: notNil(value), expires: expires})
}

func (s *shard) mark(hash uint64, claim *store.Claim) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastNow = claim.Now
	before := len(s.marks.high)
	fresh := s.marks.add(hash, claim)
	s.countMarks(before)
	return fresh
}

// countMarks counts how many slots the marks gained or lost. Where that exceeds the bound, the marks are dropped.
func (s *shard) countMarks(before int) {
	if slots := len(s.marks.high); !s.usage.addMarks(slots-before, slots) {
		s.marks = marks{}
		s.usage.addMarks(-slots, 0)
	}
}

// clear removes everything and gives back what was counted.
func (s *shard) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, e := range s.values {
		_ = s.usage.addValues(-costOf(key, e)) // giving back never fails
	}
	s.usage.addMarks(-len(s.marks.high), 0)
	s.values, s.peak, s.nextExpiry, s.marks = nil, 0, time.Time{}, marks{}
}

func (s *shard) reclaim(now, claims time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastNow = now
	before := len(s.marks.high)
	s.marks.reclaim(claims)
	s.countMarks(before)
	if !s.nextExpiry.IsZero() && !s.nextExpiry.After(now) {
		s.removeExpired(now, "")
	}
	s.shrink()
}

// removeExpired removes the values that expired, but for that of one key, and finds the next expiry.
func (s *shard) removeExpired(now time.Time, but string) {
	s.nextExpiry = time.Time{}
	for key, e := range s.values {
		if e.expired(now) && key != but {
			s.drop(key, e)
		} else {
			s.noteExpiry(e.expires)
		}
	}
}

// shrinkFrom is the size up to which a map is not worth replacing.
const shrinkFrom = 64

// shrink replaces a map that is mostly empty by a smaller one, because Go's maps never give memory back.
func (s *shard) shrink() {
	if s.peak <= shrinkFrom || len(s.values) > s.peak/4 {
		return
	}
	smaller := make(map[string]entry, len(s.values))
	for key, e := range s.values {
		smaller[key] = e
	}
	s.values, s.peak = smaller, len(smaller)
}
