// Package memory is a store that keeps everything in the memory of this process.
package memory

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

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
// space takes no memory.
type space struct {
	memory *Memory
	name   any                      // a string, converted to an interface once
	latest atomic.Pointer[contents] // as found by the last run, which saves a lookup
}

const shardCount = 8

// contents is what one space holds.
type contents struct {
	// running is held for reading by each run, and for writing by a run that clears the space or drops keys of it.
	running sync.RWMutex
	// removed says that others took the place of these contents. It is guarded by running.
	removed bool
	shards  [shardCount]shard
	logs    logs
}

func newContents(u *usage) *contents {
	c := &contents{logs: logs{usage: u}}
	own := &spaceUsage{usage: u}
	for i := range c.shards {
		c.shards[i].usage = own
	}
	return c
}

// shard returns the shard of a hash, chosen by its low bits; marks uses the high ones.
func (c *contents) shard(hash uint64) *shard { return &c.shards[hash%shardCount] }

// clear empties everything and gives back what was counted.
func (c *contents) clear() {
	for i := range c.shards {
		c.shards[i].clear()
	}
	c.logs.clear()
}

// run is a run of steps in a space. Its contents are nil while there are none: they are made by the first step that
// writes. One that is alone has no other beside it in its contents.
type run struct {
	*space

	contents *contents
	alone    bool
	emptied  bool // the contents were cleared, and nothing was done since
}

// begin begins a run, which the caller ends.
func (s *space) begin(alone bool) run {
	r := run{space: s, alone: alone}
	if latest := s.latest.Load(); latest != nil && r.join(latest) {
		return r
	}
	for {
		found, ok := s.memory.spaces.Load(s.name)
		if !ok {
			s.latest.Store(nil) // lets the garbage collector free what was cleared
			return r
		}
		if r.join(found.(*contents)) {
			s.latest.Store(r.contents)
			return r
		}
	}
}

// join makes the contents those of the run, and reports false where they were removed.
func (r *run) join(c *contents) bool {
	if r.alone {
		c.running.Lock()
	} else {
		c.running.RLock()
	}
	r.contents = c
	if c.removed {
		r.leave()
		return false
	}
	return true
}

func (r *run) leave() {
	if r.alone {
		r.contents.running.Unlock()
	} else {
		r.contents.running.RUnlock()
	}
	r.contents = nil
}

// end ends the run. Contents that were cleared are removed.
func (r *run) end() {
	if r.contents == nil {
		return
	}
	if r.emptied {
		r.contents.removed = true
		r.memory.spaces.Delete(r.name)
	}
	r.leave()
}

// getOrCreate returns the contents, and makes them when there are none.
func (r *run) getOrCreate() *contents {
	for r.contents == nil {
		made, _ := r.memory.spaces.LoadOrStore(r.name, newContents(&r.memory.usage))
		r.join(made.(*contents))
	}
	return r.contents
}

func (s *space) hash(key string) uint64 { return maphash.String(s.memory.seed, key) }

// Do implements store.Executor. There are no round trips to save here: the steps are carried out one after the other.
func (s *space) Do(_ context.Context, steps ...store.Step) error {
	r := s.begin(slices.ContainsFunc(steps, needsToBeAlone))
	defer r.end()
	for _, step := range steps {
		if more, err := r.doOne(step); err != nil || !more {
			return err
		}
	}
	return nil
}

func needsToBeAlone(step store.Step) bool {
	switch step.(type) {
	case *store.Clear, *store.Drop, *store.Values:
		return true
	}
	return false
}

// doOne carries out one step, and reports whether the next steps are carried out too.
func (r *run) doOne(step store.Step) (more bool, err error) {
	r.emptied = false
	switch step := step.(type) {
	case *store.Get:
		step.Value, step.Found = r.get(step.Key)
		return step.Found || !step.Needed, nil
	case *store.Put:
		return true, r.shardOf(step.Key).put(step.Key, step.Value, step.Expires)
	case *store.Add:
		step.Added, err = r.shardOf(step.Key).add(step.Key, step.Value, step.Expires)
		return step.Added || !step.Needed, err
	case *store.Exchange:
		step.Old, step.Found, err = r.shardOf(step.Key).exchange(step.Key, step.Value, step.Expires)
		return true, err
	case *store.Take:
		step.Value, step.Found = r.take(step.Key)
		return step.Found || !step.Needed, nil
	case *store.Increment:
		step.Sum, err = r.shardOf(step.Key).increment(step.Key, step.Delta, step.Expires)
		return step.Limit == 0 || step.Sum <= step.Limit, err
	case *store.Claim:
		hash := r.hash(step.Key)
		step.Fresh = r.getOrCreate().shard(hash).mark(hash, step)
		return step.Fresh, nil
	}
	r.doLog(step)
	return true, nil
}

// doLog carries out a step on a log, or on the whole space, which cannot fail.
func (r *run) doLog(step store.Step) {
	switch step := step.(type) {
	case *store.Append:
		step.Seq = r.getOrCreate().logs.getOrCreate(step.Log).append(step.ID, step.Record, step.Bound)
		r.memory.trim()
	case *store.Range:
		step.Page = store.Page{First: 1}
		if l := r.log(step.Log); l != nil {
			step.Page = l.page(step.After, step.Limit)
		}
	case *store.Find:
		if l := r.log(step.Log); l != nil {
			step.Record, step.Found, step.Dropped = l.find(step.ID)
		}
	case *store.Truncate:
		if l := r.log(step.Log); l != nil {
			l.truncate()
		}
	default:
		r.doSpace(step)
	}
}

// doSpace carries out a step on the whole space.
func (r *run) doSpace(step store.Step) {
	switch step := step.(type) {
	case *store.Keys:
		step.Keys = r.keys(step.Prefix)
	case *store.Values:
		r.values(step)
	case *store.Reclaim:
		r.reclaim(step)
	case *store.Drop:
		r.drop(step.Prefix)
	case *store.Clear:
		r.clear()
	}
}

func (r *run) shardOf(key string) *shard { return r.getOrCreate().shard(r.hash(key)) }

func (r *run) get(key string) ([]byte, bool) {
	if r.contents == nil {
		return nil, false
	}
	return r.contents.shard(r.hash(key)).get(key)
}

func (r *run) take(key string) ([]byte, bool) {
	if r.contents == nil {
		return nil, false
	}
	return r.contents.shard(r.hash(key)).take(key)
}

// log returns a log, nil when nothing was appended to it.
func (r *run) log(name string) *log {
	if r.contents == nil {
		return nil
	}
	return r.contents.logs.existing(name)
}

func (r *run) keys(prefix string) []string {
	var all []string
	if r.contents != nil {
		for i := range r.contents.shards {
			all = r.contents.shards[i].keys(all, prefix)
		}
	}
	slices.Sort(all)
	return all
}

func (r *run) values(step *store.Values) {
	step.Values, step.TooMany = nil, false
	size := 0
	for _, key := range r.keys(step.Prefix) {
		found, ok := r.contents.shard(r.hash(key)).read(key)
		if !ok {
			continue
		}
		if size += len(key) + len(found.Value) + store.EntryCost; size > step.Most {
			step.Values, step.TooMany = nil, true
			return
		}
		step.Values = append(step.Values, found)
	}
}

func (r *run) drop(prefix string) {
	for _, key := range r.keys(prefix) {
		r.take(key)
	}
}

func (r *run) reclaim(step *store.Reclaim) {
	if r.contents != nil {
		for i := range r.contents.shards {
			r.contents.shards[i].reclaim(step.Now, step.Claims)
		}
	}
}

func (r *run) clear() {
	if r.contents != nil {
		r.contents.clear()
		r.emptied = true
	}
}

// Update implements store.Executor. It holds the key's shard while change runs.
func (s *space) Update(_ context.Context, key string, change store.Change, needed ...string) error {
	r := s.begin(false)
	defer r.end()
	for _, other := range needed {
		if _, found := r.get(other); !found {
			return &store.AbsentError{Key: other}
		}
	}
	return r.shardOf(key).update(key, change)
}
