package store

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Memory is a Store in this process. What it holds lives as long as the Memory itself.
type Memory struct {
	spaces   sync.Map // name -> *contents
	seed     maphash.Seed
	usage    usage
	trimming sync.Mutex
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return NewMemoryWithin(Bounds{}) }

// NewMemoryWithin returns an empty store with bounds of its own.
func NewMemoryWithin(bounds Bounds) *Memory {
	return &Memory{seed: maphash.MakeSeed(), usage: usage{bounds: bounds.withDefaults()}}
}

// Space returns the space of that name.
func (m *Memory) Space(name string) Space { return &memorySpace{memory: m, name: name} }

// memorySpace is a handle: it looks up the contents again once they were cleared, so it stays good then, and a cleared
// space leaves nothing behind. A call that found the old contents while they were being cleared counts as made before
// the clearing.
type memorySpace struct {
	memory *Memory
	name   any                      // a string, boxed once
	latest atomic.Pointer[contents] // as they were found last, which spares every call the lookup
}

const shardCount = 8

// contents is what one space holds.
type contents struct {
	shards  [shardCount]shard
	logs    logs
	cleared atomic.Bool
}

// present returns the contents, nil when nothing was written since the beginning or the last Clear.
func (s *memorySpace) present() *contents {
	if latest := s.latest.Load(); latest != nil && !latest.cleared.Load() {
		return latest
	}
	found, ok := s.memory.spaces.Load(s.name)
	if !ok {
		s.latest.Store(nil) // what was cleared is left to the garbage
		return nil
	}
	s.latest.Store(found.(*contents))
	return found.(*contents)
}

// writable returns the contents and makes them when they are missing.
func (s *memorySpace) writable() *contents {
	if c := s.present(); c != nil {
		return c
	}
	made, _ := s.memory.spaces.LoadOrStore(s.name, newContents(&s.memory.usage))
	return made.(*contents)
}

func newContents(u *usage) *contents {
	c := &contents{logs: logs{usage: u}}
	for i := range c.shards {
		c.shards[i].usage = u
	}
	return c
}

func (s *memorySpace) hash(key string) uint64 { return maphash.String(s.memory.seed, key) }

// shard takes the low bits of the hash; marks places by the high ones.
func (c *contents) shard(hash uint64) *shard { return &c.shards[hash%shardCount] }

// Get implements Space.
func (s *memorySpace) Get(_ context.Context, key string) ([]byte, bool, error) {
	c := s.present()
	if c == nil {
		return nil, false, nil
	}
	value, ok := c.shard(s.hash(key)).get(key)
	return value, ok, nil
}

// Put implements Space.
func (s *memorySpace) Put(_ context.Context, key string, value []byte, expires time.Time) error {
	return s.writable().shard(s.hash(key)).put(key, value, expires)
}

// PutIfAbsent implements Space.
func (s *memorySpace) PutIfAbsent(_ context.Context, key string, now, expires time.Time) (bool, error) {
	hash := s.hash(key)
	return s.writable().shard(hash).mark(hash, now, expires), nil
}

// Take implements Space.
func (s *memorySpace) Take(_ context.Context, key string) ([]byte, bool, error) {
	c := s.present()
	if c == nil {
		return nil, false, nil
	}
	value, ok := c.shard(s.hash(key)).take(key)
	return value, ok, nil
}

// Increment implements Space.
func (s *memorySpace) Increment(_ context.Context, key string, delta int64, expires time.Time) (int64, error) {
	return s.writable().shard(s.hash(key)).increment(key, delta, expires)
}

// Update implements Space. It holds the key's shard while change runs.
func (s *memorySpace) Update(
	_ context.Context, key string, change func(old []byte) (value []byte, expires time.Time, err error),
) error {
	return s.writable().shard(s.hash(key)).update(key, change)
}

// Delete implements Space.
func (s *memorySpace) Delete(ctx context.Context, key string) error {
	_, _, err := s.Take(ctx, key)
	return err
}

// Append implements Space.
func (s *memorySpace) Append(_ context.Context, log string, record []byte, bound Bound) (uint64, error) {
	n := s.writable().logs.writable(log).append(record, bound)
	s.memory.trim()
	return n, nil
}

// Range implements Space.
func (s *memorySpace) Range(_ context.Context, log string, after uint64, limit int) (Page, error) {
	if c := s.present(); c != nil {
		if l := c.logs.present(log); l != nil {
			return l.page(after, limit), nil
		}
	}
	return Page{First: 1}, nil
}

// Truncate implements Space.
func (s *memorySpace) Truncate(_ context.Context, log string) error {
	if c := s.present(); c != nil {
		if l := c.logs.present(log); l != nil {
			l.truncate()
		}
	}
	return nil
}

// Reclaim implements Space.
func (s *memorySpace) Reclaim(_ context.Context, now time.Time) error {
	if c := s.present(); c != nil {
		for i := range c.shards {
			c.shards[i].reclaim(now)
		}
	}
	return nil
}

// Clear implements Space.
func (s *memorySpace) Clear(context.Context) error {
	found, ok := s.memory.spaces.LoadAndDelete(s.name)
	if !ok {
		return nil
	}
	c := found.(*contents)
	c.cleared.Store(true)
	for i := range c.shards {
		c.shards[i].leave()
	}
	for _, l := range c.logs.leave() {
		l.leave()
	}
	return nil
}
