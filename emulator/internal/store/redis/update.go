package redis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// locks let one caller of this process after the other change a key, so that only processes compete for it.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	free    chan struct{} // holds one value while nobody has the lock
	waiting int           // with the one who has it
}

// lock waits for the lock of a key, and returns the function that gives it back.
func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	own := l.held[key]
	if own == nil {
		own = &lock{free: make(chan struct{}, 1)}
		own.free <- struct{}{}
		l.held[key] = own
	}
	own.waiting++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if own.waiting--; own.waiting == 0 {
			delete(l.held, key)
		}
	}
	select {
	case <-own.free:
		return func() { own.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fmt.Errorf("%w: others change %q: %w", store.ErrDown, key, ctx.Err())
	}
}

// An update that lost that often reserves its key, so that others wait for it: one with a slow way to the store would
// lose for ever against those with a fast one.
const (
	triesBeforeReserving = 3
	mostTries            = 1000
)

// Update implements store.Executor. It reads, and writes where nobody else wrote meanwhile.
func (s *space) Update(ctx context.Context, key string, change store.Change, needed ...string) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	unlock, err := s.store.updates.lock(ctx, s.name+"\x00"+key)
	if err != nil {
		return err
	}
	defer unlock()
	for try := range mostTries {
		old, found, err := s.readNeeded(ctx, key, needed)
		if err != nil {
			return err
		}
		replaced, expires, err := change(old)
		if err != nil {
			return err
		}
		swap := swap{key, old, found, replaced, expires, try >= triesBeforeReserving}
		verdict, err := s.swap(ctx, swap, needed)
		if err != nil || verdict == done {
			return err
		}
		if verdict == reserved {
			if err := pause(ctx, yieldTime()); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w: others change %q all the time", store.ErrDown, key)
}

// yieldTime is how long one waits for another that has reserved the key.
func yieldTime() time.Duration {
	return time.Millisecond + rand.N(4*time.Millisecond) //nolint:forbidigo // no answer to a call hangs on it
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrDown, ctx.Err())
	}
}

// readNeeded reads a key where the needed ones are there.
func (s *space) readNeeded(ctx context.Context, key string, needed []string) (value []byte, found bool, err error) {
	gets, last := gets(needed), store.Get{Key: key}
	if err := s.do(ctx, append(asSteps(gets), &last)); err != nil {
		return nil, false, err
	}
	return last.Value, last.Found, absent(gets)
}

func gets(needed []string) []*store.Get {
	all := make([]*store.Get, len(needed))
	for i, key := range needed {
		all[i] = &store.Get{Key: key, Needed: true}
	}
	return all
}

func asSteps(gets []*store.Get) []store.Step {
	all := make([]store.Step, len(gets), len(gets)+1)
	for i, get := range gets {
		all[i] = get
	}
	return all
}

// absent is the error of the first needed key that is absent.
func absent(gets []*store.Get) error {
	for _, get := range gets {
		if !get.Found {
			return &store.AbsentError{Key: get.Key}
		}
	}
	return nil
}

// swap replaces the value of a key where that is still the old one.
type swap struct {
	key     string
	old     []byte
	found   bool
	value   []byte
	expires time.Time
	reserve bool
}

// What became of a swap.
const (
	done     = "done"
	changed  = "changed"  // somebody else wrote meanwhile
	reserved = "reserved" // somebody else has lost too often and comes first
)

func (s *space) swap(ctx context.Context, w swap, needed []string) (verdict string, err error) {
	gets := gets(needed)
	args := encode(s.header(), asSteps(gets))
	args = append(args, "compareAndSet", w.key, flag(w.found), w.old, w.value, expiry(w.expires), s.store.caller,
		flag(w.reserve))
	results, err := s.run(ctx, update, args)
	if err != nil {
		return "", err
	}
	for i, get := range gets {
		if i < len(results) {
			get.Value, get.Found = value(results[i])
		}
	}
	if err := absent(gets); err != nil {
		return "", err
	}
	if reply, ok := results[len(results)-1].([]any); ok && len(reply) > 0 {
		verdict, _ = reply[0].(string)
	}
	return verdict, nil
}
