// Package memory is a store that keeps everything in the memory of this process.
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

// Memory is a store.Store in this process. Nothing in it outlives it.
type Memory struct {
	spaces   sync.Map // name -> *contents
	seed     maphash.Seed
	usage    usage
	trimming sync.Mutex
}

// New returns an empty store.
func New() *Memory { return NewWithin(Bounds{}) }

// NewWithin returns an empty store with the given bounds.
func NewWithin(bounds Bounds) *Memory {
	return &Memory{seed: maphash.MakeSeed(), usage: usage{bounds: bounds.withDefaults()}}
}

// Space returns the space of that name.
func (m *Memory) Space(name string) store.Space {
	return store.Space{Executor: &space{memory: m, name: name}}
}

// space is a handle. After the contents were cleared it looks them up again, so the handle stays usable and a cleared
// space takes no memory. A call that found the old contents while they were being cleared counts as made before that.
type space struct {
	memory *Memory
	name   any                      // a string, converted to an interface once
	latest atomic.Pointer[contents] // as found by the last call, which saves a lookup
	own    *contents                // the contents of a space that nobody else sees yet
}

const shardCount = 8

// contents is what one space holds.
type contents struct {
	shards  [shardCount]shard
	logs    logs
	cleared atomic.Bool
}

// existing returns the contents, nil when nothing was written since the beginning or the last Clear.
func (s *space) existing() *contents {
	if s.own != nil {
		return s.own
	}
	if latest := s.latest.Load(); latest != nil && !latest.cleared.Load() {
		return latest
	}
	found, ok := s.memory.spaces.Load(s.name)
	if !ok {
		s.latest.Store(nil) // lets the garbage collector free what was cleared
		return nil
	}
	s.latest.Store(found.(*contents))
	return found.(*contents)
}

// getOrCreate returns the contents, and makes them when there are none.
func (s *space) getOrCreate() *contents {
	if c := s.existing(); c != nil {
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

// shard returns the shard of a hash, chosen by its low bits; marks uses the high ones.
func (c *contents) shard(hash uint64) *shard { return &c.shards[hash%shardCount] }

// Do implements store.Executor. There are no round trips to save here: the steps are carried out one after the other.
func (s *space) Do(_ context.Context, steps ...store.Step) error {
	for i, step := range steps {
		if _, clears := step.(*store.Clear); clears && i+1 < len(steps) {
			return s.clearAndDo(steps[i+1:])
		}
		if more, err := s.doOne(step); err != nil || !more {
			return err
		}
	}
	return nil
}

// clearAndDo clears the space and carries out steps in it, so that nobody sees one without the other.
func (s *space) clearAndDo(steps []store.Step) error {
	fresh := newContents(&s.memory.usage)
	private := &space{memory: s.memory, name: s.name, own: fresh}
	err := private.Do(context.Background(), steps...)
	if err != nil {
		fresh.release()
		return err
	}
	if old, replaced := s.memory.spaces.Swap(s.name, fresh); replaced {
		old.(*contents).release()
	}
	return nil
}

// doOne carries out one step, and reports whether the next steps are carried out too.
func (s *space) doOne(step store.Step) (more bool, err error) {
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
		step.Fresh = s.getOrCreate().shard(hash).mark(hash, step.Now, step.Expires)
		return step.Fresh, nil
	}
	s.doLog(step)
	return true, nil
}

// doLog carries out a step on a log or on the whole space, which cannot fail.
func (s *space) doLog(step store.Step) {
	switch step := step.(type) {
	case *store.Append:
		step.Seq = s.getOrCreate().logs.getOrCreate(step.Log).append(step.ID, step.Record, step.Bound)
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

func (s *space) shardOf(key string) *shard { return s.getOrCreate().shard(s.hash(key)) }

func (s *space) get(key string) ([]byte, bool) {
	if c := s.existing(); c != nil {
		return c.shard(s.hash(key)).get(key)
	}
	return nil, false
}

func (s *space) take(key string) ([]byte, bool) {
	if c := s.existing(); c != nil {
		return c.shard(s.hash(key)).take(key)
	}
	return nil, false
}

// log returns a log, nil when nothing was appended to it.
func (s *space) log(name string) *log {
	if c := s.existing(); c != nil {
		return c.logs.existing(name)
	}
	return nil
}

func (s *space) keys(prefix string) []string {
	var all []string
	if c := s.existing(); c != nil {
		for i := range c.shards {
			all = c.shards[i].keys(all, prefix)
		}
	}
	slices.Sort(all)
	return all
}

// Update implements store.Executor. It holds the key's shard while change runs.
func (s *space) Update(
	_ context.Context, key string, change func(old []byte) (value []byte, expires time.Time, err error),
) error {
	return s.shardOf(key).update(key, change)
}

func (s *space) reclaim(now time.Time) {
	if c := s.existing(); c != nil {
		for i := range c.shards {
			c.shards[i].reclaim(now)
		}
	}
}

func (s *space) clear() {
	if found, ok := s.memory.spaces.LoadAndDelete(s.name); ok {
		found.(*contents).release()
	}
}

// release gives back what was counted, because the space was cleared.
func (c *contents) release() {
	c.cleared.Store(true)
	for i := range c.shards {
		c.shards[i].release()
	}
	for _, l := range c.logs.detach() {
		l.release()
	}
}
