package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// permanentScenarios play in the default sandbox, also after a reset of it. The store has those of all emulators that
// share it; here are those of this one, for a store that was emptied.
type permanentScenarios struct {
	sync.Mutex
	scripts []sandbox.Script
}

// magicValues is the scenario that plays in every sandbox until it is switched off. It defines the values with which an
// unmodified app triggers errors.
const magicValues = "magic-values"

// DefaultScenarios are those of a library that play in every sandbox, for Options.Defaults.
func DefaultScenarios(library *scenario.Library) (*play.Defaults, error) {
	s, ok := library.Get(magicValues)
	if !ok {
		return play.NewDefaults()
	}
	return play.NewDefaults(s)
}

// newEngine makes the engine that plays the scenarios of all sandboxes.
func (w *World) newEngine() *play.Engine {
	gateways := map[string]play.Gateway{}
	for _, g := range w.options.Gateways {
		gateways[g.Name()] = g
	}
	return play.NewEngine(play.Options{
		Lookup: w.options.Library.Get, Decode: w.decode, Defaults: w.options.Defaults, Gateways: gateways,
	})
}

// Library returns the scenarios that can be played by name.
func (w *World) Library() *scenario.Library { return w.options.Library }

// Player returns the player of a sandbox's scenarios.
func (w *World) Player(box *sandbox.Sandbox) play.Player { return w.engine.Player(box.Space()) }

// Playing lists what plays in a sandbox, by its clock.
func (w *World) Playing(ctx context.Context, box *sandbox.Sandbox) ([]play.Status, error) {
	clock, err := box.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return w.Player(box).List(ctx, clock.Now)
}

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

// standingSpace holds which scenarios are permanent, for all emulators on the store. Its name cannot be that of a
// sandbox's space.
const (
	standingSpace = "/standing"
	permanentKey  = "permanent"
)

// keptScripts are scenarios as the store keeps them: the permanent ones, and those of a sandbox that were stopped.
type keptScripts struct {
	_       struct{} `cbor:",toarray"`
	Scripts []sandbox.Script
}

func readScripts(raw []byte) ([]sandbox.Script, error) {
	var kept keptScripts
	if raw == nil {
		return nil, nil
	}
	if err := record.Read(raw, &kept); err != nil {
		return nil, fmt.Errorf("read the kept scenarios: %w", err)
	}
	return kept.Scripts, nil
}

// changeScripts changes the scenarios that are kept under a key.
func changeScripts(
	ctx context.Context, space store.Space, key string, change func([]sandbox.Script) []sandbox.Script,
) error {
	return space.Update(ctx, key, func(old []byte) ([]byte, time.Time, error) {
		scripts, err := readScripts(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		raw, err := record.Write(keptScripts{Scripts: change(scripts)})
		return raw, time.Time{}, err
	})
}

// playPermanentAgain plays the permanent scenarios after a reset of the default sandbox.
func (w *World) playPermanentAgain(ctx context.Context, box *sandbox.Sandbox) error {
	raw, _, err := w.options.Store.Space(standingSpace).Get(ctx, permanentKey)
	if err != nil {
		return fmt.Errorf("look up the permanent scenarios: %w", err)
	}
	scripts, err := readScripts(raw)
	if err != nil {
		return err
	}
	return w.playAll(ctx, box, scripts)
}

// restored plays the permanent scenarios of this emulator in the default sandbox, which is another than before: this
// emulator or another on the store made it anew.
func (w *World) restored(ctx context.Context, box *sandbox.Sandbox) error {
	w.permanent.Lock()
	defer w.permanent.Unlock()
	for _, script := range w.permanent.scripts {
		if err := w.playOnce(ctx, box, script, ""); err != nil {
			return err
		}
	}
	return nil
}

// PlayPermanent plays a document in the default sandbox, now and after each reset of it. It replaces the permanent
// scenario that played under the name replaced, if that is not empty. It returns the name under which the document
// plays. With an error nothing has changed. A document that is permanent already, by another emulator on the store,
// stays as it is.
func (w *World) PlayPermanent(ctx context.Context, source, replaced string) (name string, err error) {
	decoded, err := w.decode([]byte(source))
	if err != nil {
		return "", err
	}
	box, err := w.standing(ctx)
	if err != nil {
		return "", err
	}
	w.permanent.Lock()
	defer w.permanent.Unlock()
	script := sandbox.Script{Name: decoded.Name, Source: source}
	if err := w.playOnce(ctx, box, script, replaced); err != nil {
		return "", err
	}
	w.permanent.scripts = with(w.permanent.scripts, script, replaced)
	if replaced == "" || replaced == script.Name {
		return script.Name, nil
	}
	err = w.StopPlaying(ctx, box, replaced)
	if err != nil && !errors.Is(err, play.ErrNotPlaying) {
		return "", err
	}
	return script.Name, nil
}

// playOnce makes a script permanent and plays it, unless it is permanent already.
func (w *World) playOnce(ctx context.Context, box *sandbox.Sandbox, script sandbox.Script, replaced string) error {
	space := w.options.Store.Space(standingSpace)
	var before []sandbox.Script
	err := changeScripts(ctx, space, permanentKey, func(all []sandbox.Script) []sandbox.Script {
		before = all
		return with(all, script, replaced)
	})
	if err != nil || slices.Contains(before, script) {
		return err
	}
	if err := w.Play(ctx, box, play.Playing(script)); err != nil {
		return errors.Join(err, changeScripts(ctx, space, permanentKey, func([]sandbox.Script) []sandbox.Script {
			return before
		}))
	}
	return nil
}

// with is a list with a script in the place of the one it replaces, or of the one with its own name, or else after the
// others.
func with(scripts []sandbox.Script, script sandbox.Script, replaced string) []sandbox.Script {
	scripts = slices.Clone(scripts)
	same := func(other sandbox.Script) bool { return other.Name == script.Name || other.Name == replaced }
	if i := slices.IndexFunc(scripts, same); i >= 0 {
		scripts[i] = script
		return scripts
	}
	return append(scripts, script)
}
