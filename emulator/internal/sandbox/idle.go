package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// idle ends a sandbox that nobody uses any more, such as that of a CI job that was broken off. It goes by real time: a
// sandbox's own clock may be frozen or set, and that must neither keep it nor end it under a running test.
type idle struct {
	ttl time.Duration // zero for a sandbox that stays
	// used is when the sandbox was last used as far as this emulator knows, in Unix nanoseconds of real time.
	used atomic.Int64
	// written is what this emulator wrote last to the store: until when the sandbox counts as used.
	written atomic.Int64
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
	ttl, err := duration.Parse(text)
	if err != nil || ttl < minTTL || ttl > maxTTL {
		return 0, &InvalidError{"ttl", `must be a duration from 1s to 720h, such as "30m" or "2d"`}
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
	return time.Unix(0, i.used.Load()).Add(i.ttl).UTC()
}

func (i *idle) isOver(now time.Time) bool { return i.ttl > 0 && now.After(i.expiresAt()) }

// firstUse notes the creation and is what to write of it; nil for a sandbox that stays.
func (i *idle) firstUse(now time.Time) []byte {
	if i.ttl == 0 {
		return nil
	}
	return i.note(now)
}

// note notes a use, and is what to write of it. That reaches ahead by a part of the ttl, so that the next uses need not
// be written: other emulators end the sandbox that much later, never too early.
func (i *idle) note(now time.Time) []byte {
	const part = 10
	until := now.Add(i.ttl / part).UnixNano()
	i.used.Store(now.UnixNano())
	i.written.Store(until)
	return strconv.AppendInt(nil, until, 10)
}

// ExpiresAt is when the sandbox ends, in real time, unless it is used before; zero for one that stays.
func (b *Sandbox) ExpiresAt() time.Time { return b.idle.expiresAt() }

// Use notes that a sandbox is used by somebody who holds it, such as a connection, and fails with ErrGone where its
// time was over before that.
func (r *Registry) Use(ctx context.Context, box *Sandbox) error {
	lasts, err := r.use(ctx, box)
	if err == nil && !lasts {
		err = ErrGone
	}
	return err
}

// use notes that the sandbox is used, and reports false when its time was over before that.
func (r *Registry) use(ctx context.Context, box *Sandbox) (bool, error) {
	if box.idle.ttl == 0 {
		return true, nil
	}
	if over, err := r.isOver(ctx, box); err != nil || over {
		return false, err
	}
	now := r.realNow()
	if now.UnixNano() < box.idle.written.Load() {
		box.idle.used.Store(now.UnixNano())
		return true, nil
	}
	return true, r.root.Put(ctx, usedKey(box.name), box.idle.note(now), time.Time{})
}

// isOver judges a sandbox by what this emulator knows, and where that says that its time is over, by what others wrote.
// The error is ErrGone where another emulator removed it.
func (r *Registry) isOver(ctx context.Context, box *Sandbox) (bool, error) {
	now := r.realNow()
	if !box.idle.isOver(now) {
		return false, nil
	}
	get := store.Get{Key: usedKey(box.name)}
	if err := r.root.Do(ctx, &get); err != nil {
		return false, fmt.Errorf("look up when the sandbox %s was used: %w", box.ID, err)
	}
	if !get.Found {
		return false, ErrGone
	}
	until, err := strconv.ParseInt(string(get.Value), 10, 64)
	if err != nil {
		return false, fmt.Errorf("read when the sandbox %s was used: %w", box.ID, err)
	}
	if until != box.idle.written.Load() {
		box.idle.used.Store(max(until, box.idle.used.Load()))
	}
	return box.idle.isOver(now), nil
}

// Sweep removes the sandboxes whose time is over, and returns their ids. Until then they take memory alone: nobody
// finds them any more. What is remembered of sandboxes that other emulators removed is dropped too.
func (r *Registry) Sweep(ctx context.Context) (removed []string, err error) {
	before := r.all()
	used, listed, half := store.Keys{Prefix: usedPrefix}, store.Keys{Prefix: listedPrefix}, store.Keys{Prefix: halfPrefix}
	if err := r.root.Do(ctx, &used, &listed, &half); err != nil {
		return nil, fmt.Errorf("list the sandboxes that can end: %w", err)
	}
	for _, box := range before {
		if _, there := slices.BinarySearch(listed.Keys, listedKey(box.name)); !there {
			r.Forget(box)
		}
	}
	for _, key := range used.Keys {
		name := strings.TrimPrefix(key, usedPrefix)
		over, failure := r.removeIfOver(ctx, name)
		if over {
			removed = append(removed, idOf(name))
		}
		err = errors.Join(err, failure)
	}
	return removed, errors.Join(err, r.finish(ctx, half.Keys))
}

// halfTime is how long an emulator may take to make a sandbox or to remove one; after that it was killed meanwhile.
const halfTime = 10 * time.Minute

// finish clears what was left of sandboxes that are half made or half removed.
func (r *Registry) finish(ctx context.Context, half []string) error {
	for _, key := range half {
		name, since := halfOf(key)
		if r.realNow().Sub(since) < halfTime {
			continue
		}
		if err := r.store.Space(name).Clear(ctx); err != nil {
			return fmt.Errorf("clear what is left of the sandbox %s: %w", idOf(name), err)
		}
		if err := r.root.Do(ctx, &store.Take{Key: key}); err != nil {
			return err
		}
	}
	return nil
}

// removeIfOver removes the sandbox with the space of that name where its time is over.
func (r *Registry) removeIfOver(ctx context.Context, name string) (bool, error) {
	box, err := r.get(ctx, idOf(name))
	if err == nil && box.name != name {
		err = ErrUnknown // another one has its id
	}
	if errors.Is(err, ErrUnknown) {
		return false, r.root.Do(ctx, &store.Take{Key: usedKey(name)}) // of one that was used while it was removed
	}
	if err != nil {
		return false, err
	}
	over, err := r.isOver(ctx, box)
	if errors.Is(err, ErrGone) {
		r.Forget(box)
		return false, nil
	}
	if err != nil || !over {
		return false, err
	}
	err = r.remove(ctx, box)
	if errors.Is(err, ErrUnknown) {
		return false, nil // somebody else was first
	}
	return err == nil, err
}
