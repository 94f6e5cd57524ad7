package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Playing names what to play.
type Playing struct {
	// Name is that of a known scenario, or with Source the name under which the document plays; empty means the
	// document's own.
	Name string
	// Source is a document; empty plays the known scenario.
	Source string
}

// playlist is what the store keeps: what was played, newest first, and which defaults were switched off.
type playlist struct {
	Playing []entry  `json:"playing,omitempty"`
	Off     []string `json:"off,omitempty"`
}

// entry is one played scenario. ID tells this playing from every other one, so that playing again starts new cursors.
type entry struct {
	Name string `json:"name"`
	ID   string `json:"id"`
	// Hash is that of the document, which is kept under its own key; empty for a known scenario.
	Hash string `json:"hash,omitempty"`
	// Rules is their number.
	Rules int `json:"rules"`
}

const (
	playlistKey = "scenario/playlist"
	playsKey    = "scenario/plays"
	sourceKey   = "scenario/source/"
)

// Play starts a scenario with its cursors at zero, in the place of one of the same name. It wins over everything that
// plays already. An error changes nothing: it is ErrUnknown, ErrFull, Decode's own, or that of the store.
func (p Player) Play(ctx context.Context, what Playing) error {
	e, err := p.prepare(ctx, what)
	if err != nil {
		return err
	}
	var replaced []entry
	err = p.change(ctx, func(list *playlist) error {
		replaced = list.remove(e.Name)
		if len(list.Playing) >= MaxPlaying {
			return ErrFull
		}
		list.Playing = slices.Insert(list.Playing, 0, e)
		return nil
	})
	if err != nil {
		return errors.Join(err, p.clean(ctx, []entry{e}))
	}
	return p.clean(ctx, replaced)
}

// prepare reads the scenario and keeps its document.
func (p Player) prepare(ctx context.Context, what Playing) (entry, error) {
	e := entry{Name: what.Name}
	if what.Source != "" {
		sum := sha256.Sum256([]byte(what.Source))
		e.Hash = hex.EncodeToString(sum[:])
	}
	ready, err := p.stage.script(e, func() ([]byte, error) { return []byte(what.Source), nil })
	if err != nil {
		return entry{}, err
	}
	e.Name, e.Rules = ready.name, len(ready.rules)
	n, err := p.space.Increment(ctx, playsKey, 1, time.Time{})
	if err != nil {
		return entry{}, fmt.Errorf("count what is played: %w", err)
	}
	// A reset starts the store's count anew while calls may still be on their way with what played before: the second
	// number keeps their cursors apart from the new ones.
	e.ID = strconv.FormatInt(n, 10) + "." + strconv.FormatUint(p.stage.plays.Add(1), 10)
	if e.Hash == "" {
		return e, nil
	}
	if err := p.space.Put(ctx, sourceKey+e.ID, []byte(what.Source), time.Time{}); err != nil {
		return entry{}, fmt.Errorf("keep the scenario: %w", err)
	}
	return e, nil
}

// Stop ends a scenario, played or on by default. The error is ErrNotPlaying or that of the store.
func (p Player) Stop(ctx context.Context, name string) error {
	var removed []entry
	err := p.change(ctx, func(list *playlist) error {
		removed = list.remove(name)
		on := p.stage.isDefault(name) && !slices.Contains(list.Off, name)
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
	return p.clean(ctx, removed)
}

// remove takes the entries of that name out of the list.
func (l *playlist) remove(name string) (removed []entry) {
	l.Playing = slices.DeleteFunc(l.Playing, func(e entry) bool {
		if e.Name == name {
			removed = append(removed, e)
		}
		return e.Name == name
	})
	return removed
}

func (p Player) change(ctx context.Context, change func(*playlist) error) error {
	return p.space.Update(ctx, playlistKey, func(old []byte) ([]byte, time.Time, error) {
		list, err := readPlaylist(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		if err := change(&list); err != nil {
			return nil, time.Time{}, err
		}
		raw, err := json.Marshal(list)
		return raw, time.Time{}, err
	})
}

func readPlaylist(raw []byte) (list playlist, err error) {
	if raw == nil {
		return list, nil
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return list, fmt.Errorf("read the list of playing scenarios: %w", err)
	}
	return list, nil
}

// clean forgets the documents and cursors of what plays no more.
func (p Player) clean(ctx context.Context, gone []entry) error {
	for _, e := range gone {
		keys := []string{sourceKey + e.ID}
		for i := range e.Rules {
			keys = append(keys, cursorKey(e.ID, i), cursorKey(headerID(e.ID), i))
		}
		for _, key := range keys {
			if err := p.space.Delete(ctx, key); err != nil {
				return fmt.Errorf("forget what played: %w", err)
			}
		}
	}
	return nil
}
