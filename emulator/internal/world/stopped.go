package world

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// stoppedKey holds the documents of scenarios that somebody played and stopped, the last one first. They are no part of
// what the sandbox does, so a snapshot leaves them out.
const stoppedKey = "stopped"

// Limits of what is kept of stopped scenarios.
const (
	maxStopped      = 20
	maxStoppedBytes = 256 << 10
)

// Stopped returns the scenarios that somebody played in a sandbox from a document and that were stopped since its last
// reset, the last one first. One that plays again is not among them.
func (w *World) Stopped(ctx context.Context, box *sandbox.Sandbox) ([]sandbox.Script, error) {
	raw, _, err := box.Space().Get(ctx, stoppedKey)
	if err != nil {
		return nil, fmt.Errorf("read the stopped scenarios: %w", err)
	}
	scripts, err := readScripts(raw)
	if err != nil || len(scripts) == 0 {
		return nil, err
	}
	playing, err := w.Playing(ctx, box)
	for _, p := range playing {
		scripts = without(scripts, p.Name)
	}
	return scripts, err
}

// ForgetStopped drops the document of a stopped scenario.
func (w *World) ForgetStopped(ctx context.Context, box *sandbox.Sandbox, name string) error {
	defer w.notify(box.ID)
	return changeScripts(ctx, box.Space(), stoppedKey, func(all []sandbox.Script) []sandbox.Script {
		return without(all, name)
	})
}

// keepStopped puts a document first, in the place of one of its name, and drops the last ones beyond the limits.
func keepStopped(ctx context.Context, box *sandbox.Sandbox, script sandbox.Script) error {
	return changeScripts(ctx, box.Space(), stoppedKey, func(all []sandbox.Script) []sandbox.Script {
		all = slices.Insert(without(all, script.Name), 0, script)
		size := 0
		for i, s := range all {
			if size += len(s.Source); i == maxStopped || size > maxStoppedBytes {
				return all[:i]
			}
		}
		return all
	})
}

func without(scripts []sandbox.Script, name string) []sandbox.Script {
	return slices.DeleteFunc(scripts, func(s sandbox.Script) bool { return s.Name == name })
}
