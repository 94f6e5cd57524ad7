package console

import (
	"context"
	"errors"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// stoppedScenario is one that somebody played from a document of their own and stopped.
type stoppedScenario struct {
	toggle

	Summary string
}

// stopped are those of a sandbox, the last one first.
func (c *console) stopped(ctx context.Context, box *sandbox.Sandbox) ([]stoppedScenario, error) {
	scripts, err := c.World.Stopped(ctx, box)
	if err != nil {
		return nil, err
	}
	var list []stoppedScenario
	for _, script := range scripts {
		row := stoppedScenario{toggle: toggle{Name: script.Name}}
		if s, _ := language.Decode([]byte(script.Source), c.World.Catalogue()); s != nil {
			row.Summary = c.World.Secrets().Mask(s.Summary) // whoever played it can have written anything
		}
		list = append(list, row)
	}
	return list, nil
}

// ownSource is the document of a scenario that somebody played in a sandbox, also of one that was stopped; empty where
// there is none of that name.
func (c *console) ownSource(ctx context.Context, box *sandbox.Sandbox, name string) (string, error) {
	source, err := c.World.Player(box).Source(ctx, name)
	if err == nil || !errors.Is(err, play.ErrNotPlaying) {
		return source, err
	}
	scripts, err := c.World.Stopped(ctx, box)
	for _, script := range scripts {
		if script.Name == name {
			return script.Source, err
		}
	}
	return "", err
}

// playable is the scenario of that name: one that everybody knows, or else the document of one that was stopped.
func (c *console) playable(ctx context.Context, box *sandbox.Sandbox, name string) (play.Playing, error) {
	if _, known := c.World.Library().Get(name); known {
		return play.Playing{Name: name}, nil
	}
	source, err := c.ownSource(ctx, box, name)
	return play.Playing{Name: name, Source: source}, err
}
