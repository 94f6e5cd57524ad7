// Package play decides calls by scenarios. An Engine makes the scenarios ready, a Program is what plays in one sandbox
// and decides its calls, and a Player starts, stops and lists what plays.
package play

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

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

// MaxPlaying is how many scenarios can play in one sandbox beside the defaults.
const MaxPlaying = 50

// Options say what an Engine knows.
type Options struct {
	// Lookup finds a scenario by name. A scenario that it returns must not change.
	Lookup func(name string) (*scenario.Scenario, bool)
	// Decode reads a document that somebody plays. Play returns its error as it is.
	Decode scenario.Decoder
	// Defaults play in every sandbox that did not stop them. Whatever somebody plays is asked before them.
	Defaults []*scenario.Scenario
	// Gateways are asked about scripted replies, by the name that a call has as its Gateway.
	Gateways map[string]Gateway
}

// Engine is what all sandboxes share: the known scenarios, each made ready once. It is safe for concurrent use. Its
// caches hold nothing that cannot be made again from the store.
type Engine struct {
	options        Options
	defaults       []*compiledScenario
	defaultProgram *Program // of sandboxes in which nobody played or stopped anything
	scenarios      cache[*compiledScenario]
	programs       cache[*Program]
	plays          atomic.Uint64 // how often this process played something
}

// NewEngine makes the defaults ready.
func NewEngine(options Options) (*Engine, error) {
	e := &Engine{options: options}
	for _, d := range options.Defaults {
		compiled, err := compile(d, d.Name)
		if err != nil {
			return nil, fmt.Errorf("on by default: %w", err)
		}
		e.defaults = append(e.defaults, compiled)
	}
	program, err := e.newProgram(playlist{}, nil)
	if err != nil {
		return nil, err
	}
	e.defaultProgram = program
	return e, nil
}

// Program returns what plays in a sandbox, given the record that its space keeps under PlaylistKey, nil where there is
// none. It reads the space only for a record that the engine has not seen yet.
func (e *Engine) Program(ctx context.Context, space store.Space, record []byte) (*Program, error) {
	// Between reading the record and a document that it names, somebody may have stopped that scenario. Then the record
	// is read again.
	const tries = 8
	for range tries {
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

var errStopped = errors.New("the scenarios change faster than they can be read")

// load makes the program of a record and keeps it.
func (e *Engine) load(ctx context.Context, space store.Space, record []byte) (*Program, error) {
	list, err := readPlaylist(record)
	if err != nil {
		return nil, err
	}
	program, err := e.newProgram(list, func(p playing) ([]byte, error) {
		source, ok, err := space.Get(ctx, sourceKey(p.ID))
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

// newProgram makes the program of a playlist. The function source reads the document of a playing scenario.
func (e *Engine) newProgram(list playlist, source func(playing) ([]byte, error)) (*Program, error) {
	var scenarios []playingScenario
	for _, p := range list.Playing {
		compiled, err := e.compiled(p, func() ([]byte, error) { return source(p) })
		if err != nil {
			return nil, err
		}
		scenarios = append(scenarios, playingScenario{compiledScenario: compiled, id: p.ID})
	}
	for _, d := range e.defaults {
		played := slices.ContainsFunc(list.Playing, func(p playing) bool { return p.Name == d.name })
		if !played && !slices.Contains(list.Off, d.name) {
			scenarios = append(scenarios, playingScenario{compiledScenario: d, id: defaultPlayID(d.name), byDefault: true})
		}
	}
	return newProgram(e, scenarios), nil
}

func (e *Engine) isDefault(name string) bool {
	return slices.ContainsFunc(e.defaults, func(d *compiledScenario) bool { return d.name == name })
}

// compiled returns the compiled scenario of a playing. The function source reads its document, in case that it was not
// compiled before.
func (e *Engine) compiled(p playing, source func() ([]byte, error)) (*compiledScenario, error) {
	key := p.cacheKey()
	if found, ok := e.scenarios.find([]byte(key)); ok {
		return found, nil
	}
	read, err := e.read(p, source)
	if err != nil {
		return nil, err
	}
	compiled, err := compile(read, p.Name)
	if err != nil {
		return nil, err
	}
	compiled.cacheKey = key
	e.scenarios.keep(key, compiled)
	return compiled, nil
}

// read decodes the document of a playing, or finds the known scenario that it names.
func (e *Engine) read(p playing, source func() ([]byte, error)) (*scenario.Scenario, error) {
	if p.Hash != "" {
		document, err := source()
		if err != nil {
			return nil, err
		}
		return e.options.Decode(document)
	}
	if known, ok := e.options.Lookup(p.Name); ok {
		return known, nil
	}
	for _, d := range e.options.Defaults {
		if d.Name == p.Name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, p.Name)
}

// programNamed returns the program of the one scenario that a call names in a header: one of those that play, or else a
// known one.
func (e *Engine) programNamed(name string, program *Program) (*Program, error) {
	found, ok := program.find(name)
	if !ok {
		compiled, err := e.compiled(playing{Name: name}, nil)
		if err != nil {
			return nil, err
		}
		found = playingScenario{compiledScenario: compiled, id: name}
	}
	id := headerPlayID(found.id)
	key := id + "/" + found.cacheKey
	if known, ok := e.programs.find([]byte(key)); ok {
		return known, nil
	}
	named := newProgram(e, []playingScenario{{compiledScenario: found.compiledScenario, id: id}})
	e.programs.keep(key, named)
	return named, nil
}
