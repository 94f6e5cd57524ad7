package play

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Player starts, stops and lists what plays in one sandbox. All of its state is in the sandbox's space, so players
// of one space are interchangeable.
type Player struct {
	engine *Engine
	space  store.Space
}

// Player returns the player of the sandbox whose state is kept in that space.
func (e *Engine) Player(space store.Space) Player { return Player{engine: e, space: space} }

// Playing names what to play.
type Playing struct {
	// Name is the name of a known scenario. If Source is given, it is the name under which that document plays; empty
	// then means the document's own name.
	Name string
	// Source is the document to play; empty means the known scenario.
	Source string
}

// Play starts a scenario with its cursors at zero. It replaces one of the same name and is asked before everything
// that plays already. An error changes nothing: it is ErrUnknown, ErrFull, that of Options.Decode, or that
// of the store.
func (p Player) Play(ctx context.Context, what Playing) error {
	for {
		added, err := p.prepare(ctx, what)
		if err != nil {
			return err
		}
		err = p.add(ctx, added)
		if absent := (*store.AbsentError)(nil); !errors.As(err, &absent) {
			return err
		}
		// The sandbox was reset meanwhile, and what was prepared is gone.
	}
}

// add puts a prepared scenario first in the playlist, in the place of one of its name.
func (p Player) add(ctx context.Context, added playlistEntry) error {
	var replaced []playlistEntry
	err := p.changePlaylist(ctx, func(list *playlist) error {
		replaced = list.remove(added.Name)
		if len(list.Playing) >= MaxPlaying {
			return ErrFull
		}
		list.Playing = slices.Insert(list.Playing, 0, added)
		return nil
	}, playedKey(added.ID))
	if err != nil {
		return errors.Join(err, p.deleteState(ctx, []playlistEntry{added}))
	}
	return p.deleteState(ctx, replaced)
}

// prepare compiles the scenario, gives it an id and writes its document to the space.
func (p Player) prepare(ctx context.Context, what Playing) (playlistEntry, error) {
	added := playlistEntry{Name: what.Name}
	if what.Source != "" {
		sum := sha256.Sum256([]byte(what.Source))
		added.Hash = hex.EncodeToString(sum[:])
	}
	compiled, err := p.engine.compiled(added, func() ([]byte, error) { return []byte(what.Source), nil })
	if err != nil {
		return playlistEntry{}, err
	}
	added.Name = compiled.name
	n, err := p.space.Increment(ctx, playsKey, 1, time.Time{})
	if err != nil {
		return playlistEntry{}, fmt.Errorf("count what is played: %w", err)
	}
	added.ID = strconv.FormatInt(n, 10)
	steps := []store.Step{&store.Put{Key: playedKey(added.ID)}}
	if added.Hash != "" {
		steps = append(steps, &store.Put{Key: sourceKey(added.ID), Value: []byte(what.Source)})
	}
	if err := p.space.Do(ctx, steps...); err != nil {
		return playlistEntry{}, fmt.Errorf("keep the scenario: %w", err)
	}
	return added, nil
}

// Stop ends a scenario that was played or that is on by default. The error is ErrNotPlaying or that of the store.
func (p Player) Stop(ctx context.Context, name string) error {
	var removed []playlistEntry
	err := p.changePlaylist(ctx, func(list *playlist) error {
		removed = list.remove(name)
		on := p.engine.isDefault(name) && !slices.Contains(list.Off, name)
		if on {
			list.Off = append(list.Off, name)
		}
		if removed == nil && !on {
			return ErrNotPlaying
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.deleteState(ctx, removed)
}

// Source is the document of a scenario that somebody played from one; empty for a known scenario. The error is
// ErrNotPlaying or that of the store.
func (p Player) Source(ctx context.Context, name string) (string, error) {
	raw, _, err := p.space.Get(ctx, PlaylistKey)
	if err != nil {
		return "", fmt.Errorf("read what plays: %w", err)
	}
	list, err := readPlaylist(raw)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(list.Playing, func(e playlistEntry) bool { return e.Name == name })
	if at < 0 {
		return "", ErrNotPlaying
	}
	source, _, err := p.space.Get(ctx, sourceKey(list.Playing[at].ID))
	if err != nil {
		return "", fmt.Errorf("read the document of %s: %w", name, err)
	}
	return string(source), nil
}

// changePlaylist replaces the playlist by what change makes of it. An error of change leaves it as it is, and so does a
// needed key that is absent.
func (p Player) changePlaylist(ctx context.Context, change func(*playlist) error, needed ...string) error {
	return p.space.Update(ctx, PlaylistKey, func(old []byte) ([]byte, time.Time, error) {
		list, err := readPlaylist(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		if err := change(&list); err != nil {
			return nil, time.Time{}, err
		}
		raw, err := list.write()
		return raw, time.Time{}, err
	}, needed...)
}

// deleteState deletes the documents and cursors of entries that are no longer in the playlist.
func (p Player) deleteState(ctx context.Context, removed []playlistEntry) error {
	var steps []store.Step
	for _, entry := range removed {
		steps = append(steps, &store.Drop{Prefix: playedPrefix(entry.ID)})
	}
	if len(steps) == 0 {
		return nil
	}
	if err := p.space.Do(ctx, steps...); err != nil {
		return fmt.Errorf("forget what played: %w", err)
	}
	return nil
}
