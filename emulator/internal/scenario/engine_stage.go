package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// program returns what plays. Reading it costs one Get and one look into a map by what was got.
func (p Player) program(ctx context.Context) (*program, error) {
	// Between reading the list and a document of it somebody may have stopped that scenario: then the list is read
	// again.
	const tries = 8
	for range tries {
		raw, ok, err := p.space.Get(ctx, playlistKey)
		if err != nil {
			return nil, fmt.Errorf("read what plays: %w", err)
		}
		if !ok {
			return p.stage.idle, nil
		}
		if found, ok := p.stage.programs.find(raw); ok {
			return found, nil
		}
		made, err := p.load(ctx, raw)
		if !errors.Is(err, errStopped) {
			return made, err
		}
	}
	return nil, errStopped
}

var errStopped = errors.New("the scenarios change faster than they can be read")

func (p Player) load(ctx context.Context, raw []byte) (*program, error) {
	list, err := readPlaylist(raw)
	if err != nil {
		return nil, err
	}
	made, err := p.stage.compose(list, func(e entry) ([]byte, error) {
		source, ok, err := p.space.Get(ctx, sourceKey+e.ID)
		if err == nil && !ok {
			err = errStopped
		}
		return source, err
	})
	if err != nil {
		return nil, err
	}
	p.stage.programs.keep(string(raw), made)
	return made, nil
}

// compose makes the program of a playlist; source reads the document of an entry.
func (s *Stage) compose(list playlist, source func(entry) ([]byte, error)) (*program, error) {
	var parts []part
	for _, e := range list.Playing {
		ready, err := s.script(e, func() ([]byte, error) { return source(e) })
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{script: ready, id: e.ID})
	}
	for _, d := range s.defaults {
		played := slices.ContainsFunc(list.Playing, func(e entry) bool { return e.Name == d.name })
		if !played && !slices.Contains(list.Off, d.name) {
			parts = append(parts, part{script: d, id: "default/" + d.name, byDefault: true})
		}
	}
	return newProgram(parts), nil
}

func (s *Stage) isDefault(name string) bool {
	return slices.ContainsFunc(s.defaults, func(d *script) bool { return d.name == name })
}

// script returns the compiled scenario of an entry; source is asked for its document when it was not read before.
func (s *Stage) script(e entry, source func() ([]byte, error)) (*script, error) {
	key := e.cacheKey()
	if found, ok := s.scripts.find([]byte(key)); ok {
		return found, nil
	}
	read, err := s.read(e, source)
	if err != nil {
		return nil, err
	}
	made, err := compile(read, e.Name)
	if err != nil {
		return nil, err
	}
	made.source = key
	s.scripts.keep(key, made)
	return made, nil
}

func (s *Stage) read(e entry, source func() ([]byte, error)) (*Scenario, error) {
	if e.Hash != "" {
		document, err := source()
		if err != nil {
			return nil, err
		}
		return s.options.Decode(document)
	}
	if known, ok := s.options.Lookup(e.Name); ok {
		return known, nil
	}
	for _, d := range s.options.Defaults {
		if d.Name == e.Name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, e.Name)
}

// cacheKey names the compiled scenario: explanations hold the name under which it plays.
func (e entry) cacheKey() string { return e.Hash + "/" + e.Name }

// headerID is the id under which a scenario keeps the cursors for calls that name it in a header.
func headerID(id string) string { return "header/" + id }

// asked returns the scenario that a call names: one that plays, else a known one.
func (p Player) asked(playing *program, name string) (*program, error) {
	found, ok := playing.find(name)
	if !ok {
		ready, err := p.stage.script(entry{Name: name}, nil)
		if err != nil {
			return nil, err
		}
		found = part{script: ready, id: name}
	}
	id := headerID(found.id)
	key := id + "/" + found.source
	if made, ok := p.stage.programs.find([]byte(key)); ok {
		return made, nil
	}
	made := newProgram([]part{{script: found.script, id: id}})
	p.stage.programs.keep(key, made)
	return made, nil
}
