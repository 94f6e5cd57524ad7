package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// permanentScenarios play in the default sandbox for as long as the process runs, also after a reset of it.
type permanentScenarios struct {
	sync.Mutex
	scripts []sandbox.Script
}

// magicValues is the scenario that plays in every sandbox until it is switched off. It defines the values with which an
// unmodified app triggers errors.
const magicValues = "magic-values"

// newEngine makes the engine that plays the scenarios of all sandboxes.
func (w *World) newEngine() (*play.Engine, error) {
	var defaults []*scenario.Scenario
	if s, ok := w.options.Library.Get(magicValues); ok {
		defaults = append(defaults, s)
	}
	gateways := map[string]play.Gateway{}
	for _, g := range w.options.Gateways {
		gateways[g.Name()] = g
	}
	return play.NewEngine(play.Options{
		Lookup: w.options.Library.Get, Decode: w.decode, Defaults: defaults, Gateways: gateways,
	})
}

// Library returns the scenarios that can be played by name.
func (w *World) Library() *scenario.Library { return w.options.Library }

// Player returns the player of a sandbox's scenarios.
func (w *World) Player(box *sandbox.Sandbox) play.Player { return w.engine.Player(box.Space()) }

// Scenarios returns the engine that reads and plays scenarios in any sandbox.
func (w *World) Scenarios() *play.Engine { return w.engine }

// ScriptError says which of the scenarios that a sandbox starts with cannot be played. Index counts from 0.
type ScriptError struct {
	Index int
	Err   error
}

// Error names the scenario and says what is wrong with it.
func (e *ScriptError) Error() string { return fmt.Sprintf("scenarios[%d]: %v", e.Index, e.Err) }

// Unwrap returns what is wrong: scenario.Problems or play.ErrUnknown.
func (e *ScriptError) Unwrap() error { return e.Err }

// IsDefault reports whether the scenario plays in every sandbox that did not switch it off.
func (w *World) IsDefault(name string) bool {
	_, known := w.options.Library.Get(name)
	return known && name == magicValues
}

// checkScripts refuses scenarios that could not be played, before the sandbox for them is created.
func (w *World) checkScripts(scripts []sandbox.Script) error {
	for i, s := range scripts {
		if err := w.checkScript(s); err != nil {
			return &ScriptError{i, err}
		}
	}
	return nil
}

func (w *World) checkScript(s sandbox.Script) error {
	if s.Source != "" {
		_, err := w.decode([]byte(s.Source))
		return err
	}
	if _, ok := w.options.Library.Get(s.Name); !ok {
		return fmt.Errorf("%w: %q", play.ErrUnknown, s.Name)
	}
	return nil
}

func (w *World) playAll(ctx context.Context, box *sandbox.Sandbox, scripts []sandbox.Script) error {
	for i, s := range scripts {
		if err := w.Play(ctx, box, play.Playing(s)); err != nil {
			return &ScriptError{i, err}
		}
	}
	return nil
}

// playPermanentAgain plays the permanent scenarios after a reset of the default sandbox.
func (w *World) playPermanentAgain(ctx context.Context, box *sandbox.Sandbox) error {
	w.permanent.Lock()
	defer w.permanent.Unlock()
	return w.playAll(ctx, box, w.permanent.scripts)
}

// PlayPermanent plays a document in the default sandbox, now and after each reset of it. It replaces the permanent
// scenario that played under the name replaced, if that is not empty. It returns the name under which the document
// plays. With an error nothing has changed.
func (w *World) PlayPermanent(ctx context.Context, source, replaced string) (name string, err error) {
	decoded, err := w.decode([]byte(source))
	if err != nil {
		return "", err
	}
	w.permanent.Lock()
	defer w.permanent.Unlock()
	script := sandbox.Script{Name: decoded.Name, Source: source}
	if err := w.Play(ctx, w.defaultBox, play.Playing(script)); err != nil {
		return "", err
	}
	w.permanent.set(script, replaced)
	if replaced == "" || replaced == script.Name {
		return script.Name, nil
	}
	err = w.StopPlaying(ctx, w.defaultBox, replaced)
	if err != nil && !errors.Is(err, play.ErrNotPlaying) {
		return "", err
	}
	return script.Name, nil
}

// set puts a script in the place of the one it replaces, or of the one with its own name, or else after the others.
func (s *permanentScenarios) set(script sandbox.Script, replaced string) {
	same := func(other sandbox.Script) bool { return other.Name == script.Name || other.Name == replaced }
	if i := slices.IndexFunc(s.scripts, same); i >= 0 {
		s.scripts[i] = script
		return
	}
	s.scripts = append(s.scripts, script)
}
