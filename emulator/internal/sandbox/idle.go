package sandbox

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// idle ends a sandbox that nobody uses any more, such as that of a CI job that was broken off. It goes by real time: a
// sandbox's own clock may be frozen or set, and that must neither keep it nor end it under a running test.
type idle struct {
	ttl     time.Duration // zero for a sandbox that stays
	touched atomic.Int64  // when it was last used, in Unix nanoseconds of real time
}

// Bounds of Definition.TTL.
const (
	minTTL = time.Second
	maxTTL = 30 * 24 * time.Hour
)

func parseTTL(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl < minTTL || ttl > maxTTL {
		return 0, &InvalidError{"ttl", `must be a duration from 1s to 720h, such as "30m"`}
	}
	return ttl, nil
}

func validateTTL(text, id string) error {
	if text != "" && id == Default {
		return &InvalidError{"ttl", "the default sandbox always stays"}
	}
	_, err := parseTTL(text)
	return err
}

// expiresAt is when the sandbox ends unless it is used before; zero for one that stays.
func (i *idle) expiresAt() time.Time {
	if i.ttl == 0 {
		return time.Time{}
	}
	return time.Unix(0, i.touched.Load()).Add(i.ttl).UTC()
}

func (i *idle) isOver(now time.Time) bool { return i.ttl > 0 && now.After(i.expiresAt()) }

// use notes that the sandbox is used, and reports false when its time was over before that.
func (b *Sandbox) use() bool {
	if b.idle.ttl == 0 {
		return true
	}
	now := b.realNow()
	if b.idle.isOver(now) {
		return false
	}
	b.idle.touched.Store(now.UnixNano())
	return true
}

// ExpiresAt is when the sandbox ends, in real time, unless it is used before; zero for one that stays.
func (b *Sandbox) ExpiresAt() time.Time { return b.idle.expiresAt() }

// Sweep removes the sandboxes whose time is over, and returns their ids. Until then they take memory alone: nobody
// finds them any more.
func (r *Registry) Sweep(ctx context.Context) ([]string, error) {
	r.changes.Lock()
	defer r.changes.Unlock()
	return r.sweep(ctx)
}

// sweep needs the lock on changes. It looks at sandboxes only when the first of them can be over: each use moves an end
// away, so the soonest one known is never too late.
func (r *Registry) sweep(ctx context.Context) (removed []string, err error) {
	now := r.realNow()
	if len(r.mortal) == 0 || now.Before(r.soonest) {
		return nil, nil
	}
	r.soonest = time.Time{}
	for id, box := range r.mortal {
		if box.idle.isOver(now) {
			err = errors.Join(err, r.remove(ctx, box))
			removed = append(removed, id)
			continue
		}
		r.expect(box)
	}
	return removed, err
}

// expect notes when a sandbox can be over.
func (r *Registry) expect(box *Sandbox) {
	if end := box.ExpiresAt(); r.soonest.IsZero() || end.Before(r.soonest) {
		r.soonest = end
	}
}
