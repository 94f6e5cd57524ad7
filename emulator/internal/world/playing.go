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

// standing are the scenarios that play in the default sandbox for as long as the process runs.
type standing struct {
	sync.Mutex
	scripts []sandbox.Script
}

// magic is the scenario that plays in every sandbox until it is switched off: values by which an unmodified app sets
// off errors.
const magic = "magic-values"

// newEngine makes ready what the sandboxes share of the scenarios.
func (w *World) newEngine() (*play.Engine, error) {
	var defaults []*scenario.Scenario
	if s, ok := w.options.Library.Get(magic); ok {
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

// Library is every scenario that can be played by name.
func (w *World) Library() *scenario.Library { return w.options.Library }

// Player is what plays in a sandbox.
func (w *World) Player(box *sandbox.Sandbox) play.Player { return w.engine.Player(box.Space()) }

// Scenarios reads and plays scenarios in any sandbox.
func (w *World) Scenarios() *play.Engine { return w.engine }

// ScriptError says which of the scenarios that a sandbox starts with is not good, counted from 0.
type ScriptError struct {
	Index int
	Err   error
}

// Error names the place and what is wrong there.
func (e *ScriptError) Error() string { return fmt.Sprintf("scenarios[%d]: %v", e.Index, e.Err) }

// Unwrap is what is wrong: scenario.Problems or play.ErrUnknown.
func (e *ScriptError) Unwrap() error { return e.Err }

// IsDefault tells whether the scenario plays in every sandbox that did not switch it off.
func (w *World) IsDefault(name string) bool {
	_, known := w.options.Library.Get(name)
	return known && name == magic
}

// checkScripts refuses what could not be played, before there is a sandbox to play it in.
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

// playStandingAgain plays the standing scenarios after a reset of the default sandbox.
func (w *World) playStandingAgain(ctx context.Context, box *sandbox.Sandbox) error {
	w.standing.Lock()
	defer w.standing.Unlock()
	return w.playAll(ctx, box, w.standing.scripts)
}

// PlayStanding plays a document in the default sandbox, now and after each reset of it, in the place of the standing
// one that played as replaced; an empty name replaces none. It returns the name under which the document plays. An
// error changes nothing.
func (w *World) PlayStanding(ctx context.Context, source, replaced string) (name string, err error) {
	decoded, err := w.decode([]byte(source))
	if err != nil {
		return "", err
	}
	w.standing.Lock()
	defer w.standing.Unlock()
	script := sandbox.Script{Name: decoded.Name, Source: source}
	if err := w.Play(ctx, w.fallback, play.Playing(script)); err != nil {
		return "", err
	}
	w.standing.keep(script, replaced)
	if replaced == "" || replaced == script.Name {
		return script.Name, nil
	}
	err = w.StopPlaying(ctx, w.fallback, replaced)
	if err != nil && !errors.Is(err, play.ErrNotPlaying) {
		return "", err
	}
	return script.Name, nil
}

// keep puts a script in the place of the replaced one, or of that of its own name, else behind the others.
func (s *standing) keep(script sandbox.Script, replaced string) {
	same := func(other sandbox.Script) bool { return other.Name == script.Name || other.Name == replaced }
	if i := slices.IndexFunc(s.scripts, same); i >= 0 {
		s.scripts[i] = script
		return
	}
	s.scripts = append(s.scripts, script)
}
