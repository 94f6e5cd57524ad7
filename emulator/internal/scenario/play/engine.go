// Package play decides calls by scenarios. An Engine compiles the scenarios, a Program is what plays in one sandbox and
// decides its calls, and a Player starts, stops and lists what plays.
package play

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Errors of playing.
var (
	// ErrUnknown says that no scenario has that name.
	ErrUnknown = errors.New("no scenario has that name")
	// ErrNotPlaying says that the scenario to stop does not play.
	ErrNotPlaying = errors.New("the scenario does not play")
	// ErrFull says that too many scenarios play already.
	ErrFull = fmt.Errorf("%d scenarios play already, and no more can", MaxPlaying)
)

// MaxPlaying is how many scenarios can play in one sandbox in addition to the defaults.
const MaxPlaying = 50

// Options configure an Engine.
type Options struct {
	// Lookup finds a scenario by name. A scenario that it returns must not change.
	Lookup func(name string) (*scenario.Scenario, bool)
	// Decode reads the document of a scenario that is played. Play returns its error unchanged.
	Decode scenario.Decoder
	// Defaults play in every sandbox in which nobody stopped them. Scenarios that were played are asked before them. Nil
	// means none.
	Defaults *Defaults
	// Gateways are asked about scripted replies, by the name that a call has as its Gateway.
	Gateways map[string]Gateway
}

// Engine is what all sandboxes share: the known scenarios, each compiled once. It is safe for concurrent use. Its
// caches hold nothing that cannot be computed again from the store.
type Engine struct {
	options        Options
	defaultProgram *Program // for sandboxes in which nobody played or stopped anything
	scenarios      cache[*compiledScenario]
	programs       cache[*Program]
}

// Defaults are scenarios that play by default, compiled. They never change, and engines can share them.
type Defaults struct {
	read    []*scenario.Scenario
	playing []playingScenario
	rules   [2]ruleIndex // of the program in which they play alone
}

// NewDefaults compiles scenarios that play by default.
func NewDefaults(all ...*scenario.Scenario) (*Defaults, error) {
	d := &Defaults{read: all}
	for _, s := range all {
		compiled, err := compile(s, s.Name)
		if err != nil {
			return nil, fmt.Errorf("on by default: %w", err)
		}
		d.playing = append(d.playing, playingScenario{
			compiledScenario: compiled, prefix: defaultPrefix(compiled.name), byDefault: true,
		})
	}
	d.rules = indexRules(d.playing)
	return d, nil
}

// NewEngine returns an engine.
func NewEngine(options Options) *Engine {
	if options.Defaults == nil {
		options.Defaults = &Defaults{}
	}
	e := &Engine{options: options}
	e.defaultProgram = &Program{engine: e, scenarios: options.Defaults.playing, rules: options.Defaults.rules}
	return e
}

// Program returns what plays in a sandbox, given the record that its space keeps under PlaylistKey, nil where there is
// none. It reads the space only for a record that the engine has not seen yet.
func (e *Engine) Program(ctx context.Context, space store.Space, record []byte) (*Program, error) {
	// Between reading the record and a document that it names, somebody may have stopped that scenario. Then the record
	// is read again.
	for range stoppedTries {
		if record == nil {
			return e.defaultProgram, nil
		}
		if found, ok := e.programs.find(record); ok {
			return found, nil
		}
		program, err := e.load(ctx, space, record)
		if !errors.Is(err, errStopped) {
			return program, err
		}
		if record, _, err = space.Get(ctx, PlaylistKey); err != nil {
			return nil, fmt.Errorf("read what plays: %w", err)
		}
	}
	return nil, errStopped
}

// errStopped says that a scenario was stopped after the reading of the record that names it.
var errStopped = errors.New("the scenarios change faster than they can be read")

// stoppedTries is how often what plays is read again because of errStopped.
const stoppedTries = 8

// load builds the program of a record and keeps it in the cache.
func (e *Engine) load(ctx context.Context, space store.Space, record []byte) (*Program, error) {
	list, err := readPlaylist(record)
	if err != nil {
		return nil, err
	}
	program, err := e.newProgram(list, func(entry playlistEntry) ([]byte, error) {
		source, ok, err := space.Get(ctx, sourceKey(entry.ID))
		if err == nil && !ok {
			err = errStopped
		}
		return source, err
	})
	if err != nil {
		return nil, err
	}
	e.programs.keep(string(record), program)
	return program, nil
}

// newProgram builds the program of a playlist. The function source reads the document of an entry.
func (e *Engine) newProgram(list playlist, source func(playlistEntry) ([]byte, error)) (*Program, error) {
	var scenarios []playingScenario
	for _, entry := range list.Playing {
		compiled, err := e.compiled(entry, func() ([]byte, error) { return source(entry) })
		if err != nil {
			return nil, err
		}
		scenarios = append(scenarios, playingScenario{
			compiledScenario: compiled, prefix: playedPrefix(entry.ID), needed: playedKey(entry.ID),
		})
	}
	for _, d := range e.options.Defaults.playing {
		played := slices.ContainsFunc(list.Playing, func(entry playlistEntry) bool { return entry.Name == d.name })
		if !played && !slices.Contains(list.Off, d.name) {
			scenarios = append(scenarios, d)
		}
	}
	return newProgram(e, scenarios), nil
}

func (e *Engine) isDefault(name string) bool {
	return slices.ContainsFunc(e.options.Defaults.playing, func(d playingScenario) bool { return d.name == name })
}

// compiled returns the compiled scenario of an entry. The function source reads its document; it is called only if the
// cache does not hold the scenario.
func (e *Engine) compiled(entry playlistEntry, source func() ([]byte, error)) (*compiledScenario, error) {
	key := entry.cacheKey()
	if found, ok := e.scenarios.find([]byte(key)); ok {
		return found, nil
	}
	read, err := e.read(entry, source)
	if err != nil {
		return nil, err
	}
	compiled, err := compile(read, entry.Name)
	if err != nil {
		return nil, err
	}
	compiled.cacheKey = key
	e.scenarios.keep(key, compiled)
	return compiled, nil
}

// read decodes the document of an entry, or finds the known scenario that it names.
func (e *Engine) read(entry playlistEntry, source func() ([]byte, error)) (*scenario.Scenario, error) {
	if entry.Hash != "" {
		document, err := source()
		if err != nil {
			return nil, err
		}
		return e.options.Decode(document)
	}
	if known, ok := e.options.Lookup(entry.Name); ok {
		return known, nil
	}
	for _, d := range e.options.Defaults.read {
		if d.Name == entry.Name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, entry.Name)
}

// programNamed returns the program of the one scenario that a call names in a header: one of those that play, or else a
// known one.
func (e *Engine) programNamed(name string, program *Program) (*Program, error) {
	found, ok := program.find(name)
	if !ok {
		compiled, err := e.compiled(playlistEntry{Name: name}, nil)
		if err != nil {
			return nil, err
		}
		found = playingScenario{compiledScenario: compiled, prefix: knownPrefix(name)}
	}
	prefix := headerPrefix(found.prefix)
	key := prefix + found.cacheKey
	if known, ok := e.programs.find([]byte(key)); ok {
		return known, nil
	}
	named := newProgram(e, []playingScenario{
		{compiledScenario: found.compiledScenario, prefix: prefix, needed: found.needed},
	})
	e.programs.keep(key, named)
	return named, nil
}
