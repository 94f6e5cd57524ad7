package emulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// standing are the scenarios that play in the default sandbox for as long as the process runs.
type standing struct {
	sync.Mutex
	scripts []sandbox.Script
}

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
func (e *Emulator) IsDefault(name string) bool {
	_, known := e.library.Get(name)
	return known && name == magic
}

// checkScripts refuses what could not be played, before there is a sandbox to play it in.
func (e *Emulator) checkScripts(scripts []sandbox.Script) error {
	for i, s := range scripts {
		if err := e.checkScript(s); err != nil {
			return &ScriptError{i, err}
		}
	}
	return nil
}

func (e *Emulator) checkScript(s sandbox.Script) error {
	if s.Source != "" {
		_, err := e.decodeScenario([]byte(s.Source))
		return err
	}
	if _, ok := e.library.Get(s.Name); !ok {
		return fmt.Errorf("%w: %q", play.ErrUnknown, s.Name)
	}
	return nil
}

func (e *Emulator) playAll(ctx context.Context, box *sandbox.Sandbox, scripts []sandbox.Script) error {
	for i, s := range scripts {
		if err := e.Play(ctx, box, play.Playing(s)); err != nil {
			return &ScriptError{i, err}
		}
	}
	return nil
}

// Reset puts a sandbox back to its start: state, clock and journal, and the scenarios that it started with play anew.
func (e *Emulator) Reset(ctx context.Context, box *sandbox.Sandbox) error {
	if err := box.Reset(ctx); err != nil {
		return fmt.Errorf("reset sandbox %s: %w", box.ID, err)
	}
	e.watches.note(box.ID)
	if err := e.playAll(ctx, box, box.Scenarios); err != nil {
		return fmt.Errorf("reset sandbox %s: %w", box.ID, err)
	}
	if box.ID != sandbox.Default {
		return nil
	}
	e.standing.Lock()
	defer e.standing.Unlock()
	return e.playAll(ctx, box, e.standing.scripts)
}

// PlayStanding plays a document in the default sandbox, now and after each reset of it, in the place of the standing
// one that played as replaced; an empty name replaces none. It returns the name under which the document plays. An
// error changes nothing.
func (e *Emulator) PlayStanding(ctx context.Context, source, replaced string) (name string, err error) {
	decoded, err := e.decodeScenario([]byte(source))
	if err != nil {
		return "", err
	}
	e.standing.Lock()
	defer e.standing.Unlock()
	script := sandbox.Script{Name: decoded.Name, Source: source}
	if err := e.Play(ctx, e.fallback, play.Playing(script)); err != nil {
		return "", err
	}
	e.standing.keep(script, replaced)
	if replaced == "" || replaced == script.Name {
		return script.Name, nil
	}
	err = e.StopPlaying(ctx, e.fallback, replaced)
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
