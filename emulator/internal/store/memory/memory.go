// Package memory is a store in this process: what it holds lives as long as the process.
package memory

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Memory is a store.Store in this process. What it holds lives as long as the Memory itself.
type Memory struct {
	spaces   sync.Map // name -> *contents
	seed     maphash.Seed
	usage    usage
	trimming sync.Mutex
}

// New returns an empty store.
func New() *Memory { return NewWithin(Bounds{}) }

// NewWithin returns an empty store with bounds of its own.
func NewWithin(bounds Bounds) *Memory {
	return &Memory{seed: maphash.MakeSeed(), usage: usage{bounds: bounds.withDefaults()}}
}

// Space returns the space of that name.
func (m *Memory) Space(name string) store.Space {
	return store.Space{Carrier: &space{memory: m, name: name}}
}

// space is a handle: it looks up the contents again once they were cleared, so it stays good then, and a cleared
// space leaves nothing behind. A call that found the old contents while they were being cleared counts as made before
// the clearing.
type space struct {
	memory *Memory
	name   any                      // a string, boxed once
	latest atomic.Pointer[contents] // as they were found last, which spares every call the lookup
	only   *contents                // of a space that nobody else sees yet
}

const shardCount = 8

// contents is what one space holds.
type contents struct {
	shards  [shardCount]shard
	logs    logs
	cleared atomic.Bool
}

// present returns the contents, nil when nothing was written since the beginning or the last Clear.
func (s *space) present() *contents {
	if s.only != nil {
		return s.only
	}
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
func (s *space) writable() *contents {
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

func (s *space) hash(key string) uint64 { return maphash.String(s.memory.seed, key) }

// shard takes the low bits of the hash; marks places by the high ones.
func (c *contents) shard(hash uint64) *shard { return &c.shards[hash%shardCount] }

// Do implements store.Carrier. Memory has no trips to save: the steps are carried out one after the other.
func (s *space) Do(_ context.Context, steps ...store.Step) error {
	for i, step := range steps {
		if _, clears := step.(*store.Clear); clears && i+1 < len(steps) {
			return s.renew(steps[i+1:])
		}
		if more, err := s.do(step); err != nil || !more {
			return err
		}
	}
	return nil
}

// renew clears the space and carries out steps in it, so that nobody sees one without the other.
func (s *space) renew(steps []store.Step) error {
	fresh := newContents(&s.memory.usage)
	renewed := &space{memory: s.memory, name: s.name, only: fresh}
	err := renewed.Do(context.Background(), steps...)
	if err != nil {
		fresh.leave()
		return err
	}
	if old, replaced := s.memory.spaces.Swap(s.name, fresh); replaced {
		old.(*contents).leave()
	}
	return nil
}

// do carries out one step, and reports whether those behind it are carried out too.
func (s *space) do(step store.Step) (more bool, err error) {
	switch step := step.(type) {
	case *store.Get:
		step.Value, step.Found = s.get(step.Key)
		return step.Found || !step.Needed, nil
	case *store.Put:
		return true, s.shardOf(step.Key).put(step.Key, step.Value, step.Expires)
	case *store.Add:
		step.Added, err = s.shardOf(step.Key).add(step.Key, step.Value, step.Expires)
		return step.Added || !step.Needed, err
	case *store.Exchange:
		step.Old, step.Found, err = s.shardOf(step.Key).exchange(step.Key, step.Value, step.Expires)
		return true, err
	case *store.Take:
		step.Value, step.Found = s.take(step.Key)
		return step.Found || !step.Needed, nil
	case *store.Increment:
		step.Sum, err = s.shardOf(step.Key).increment(step.Key, step.Delta, step.Expires)
		return step.Limit == 0 || step.Sum <= step.Limit, err
	case *store.Claim:
		hash := s.hash(step.Key)
		step.Fresh = s.writable().shard(hash).mark(hash, step.Now, step.Expires)
		return step.Fresh, nil
	}
	s.doLog(step)
	return true, nil
}

// doLog carries out the steps about logs and about the whole space, which cannot fail.
func (s *space) doLog(step store.Step) {
	switch step := step.(type) {
	case *store.Append:
		step.Seq = s.writable().logs.writable(step.Log).append(step.ID, step.Record, step.Bound)
		s.memory.trim()
	case *store.Range:
		step.Page = store.Page{First: 1}
		if l := s.log(step.Log); l != nil {
			step.Page = l.page(step.After, step.Limit)
		}
	case *store.Find:
		if l := s.log(step.Log); l != nil {
			step.Record, step.Found, step.Dropped = l.find(step.ID)
		}
	case *store.Truncate:
		if l := s.log(step.Log); l != nil {
			l.truncate()
		}
	case *store.Keys:
		step.Keys = s.keys(step.Prefix)
	case *store.Reclaim:
		s.reclaim(step.Now)
	case *store.Clear:
		s.clear()
	}
}

func (s *space) shardOf(key string) *shard { return s.writable().shard(s.hash(key)) }

func (s *space) get(key string) ([]byte, bool) {
	if c := s.present(); c != nil {
		return c.shard(s.hash(key)).get(key)
	}
	return nil, false
}

func (s *space) take(key string) ([]byte, bool) {
	if c := s.present(); c != nil {
		return c.shard(s.hash(key)).take(key)
	}
	return nil, false
}

// log returns a log, nil when nothing was appended to it.
func (s *space) log(name string) *log {
	if c := s.present(); c != nil {
		return c.logs.present(name)
	}
	return nil
}

func (s *space) keys(prefix string) []string {
	var all []string
	if c := s.present(); c != nil {
		for i := range c.shards {
			all = c.shards[i].keys(all, prefix)
		}
	}
	slices.Sort(all)
	return all
}

// Update implements store.Carrier. It holds the key's shard while change runs.
func (s *space) Update(
	_ context.Context, key string, change func(old []byte) (value []byte, expires time.Time, err error),
) error {
	return s.shardOf(key).update(key, change)
}

func (s *space) reclaim(now time.Time) {
	if c := s.present(); c != nil {
		for i := range c.shards {
			c.shards[i].reclaim(now)
		}
	}
}

func (s *space) clear() {
	if found, ok := s.memory.spaces.LoadAndDelete(s.name); ok {
		found.(*contents).leave()
	}
}

// leave gives back what was counted, as the space was cleared.
func (c *contents) leave() {
	c.cleared.Store(true)
	for i := range c.shards {
		c.shards[i].leave()
	}
	for _, l := range c.logs.leave() {
		l.leave()
	}
}
