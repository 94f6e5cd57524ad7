package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

func (p *plane) playing(ctx context.Context, box *sandbox.Sandbox) ([]controlapi.Playing, error) {
	list, err := p.world.Playing(ctx, box)
	return convertAll(list, playingView(p.world.Sandboxes().Secrets())), err
}

func listPlaying(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	views, err := p.playing(c.Request().Context(), box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, controlapi.PlayingList{Scenarios: views})
}

// playedNames names what was played, in the order in which it was, without what is on by default.
func (p *plane) playedNames(ctx context.Context, box *sandbox.Sandbox) ([]string, error) {
	return p.world.Player(box).Played(ctx)
}

var scenarioNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./_:%-]{0,127}$`)

// playScenario plays a known scenario, or the one in the body under the name of the path.
func playScenario(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	name, err := scenarioName(c)
	if err != nil {
		return err
	}
	source, err := readBody(c)
	if err != nil {
		return err
	}
	what := play.Playing{Name: name}
	if !isBlank(source) {
		what.Source = string(source)
		if !scenarioNamePattern.MatchString(what.Name) {
			return problem(http.StatusBadRequest, "a scenario's name has 1 to 128 characters of A-Z, a-z, 0-9 and ./_%-, "+
				"and begins with a letter or digit")
		}
	}
	ctx := c.Request().Context()
	before, err := p.status(ctx, box, what.Name)
	if err != nil {
		return err
	}
	if err := p.world.Play(ctx, box, what); err != nil {
		return p.suggest(err, what.Name)
	}
	after, err := p.status(ctx, box, what.Name)
	switch {
	case err != nil:
		return err
	case after == nil:
		return problem(http.StatusConflict, "the scenario was stopped by somebody else as soon as it played")
	case before == nil || before.Default:
		return c.JSON(http.StatusCreated, after)
	}
	return c.JSON(http.StatusOK, after)
}

// status is that of the scenario of a name; nil where it does not play.
func (p *plane) status(ctx context.Context, box *sandbox.Sandbox, name string) (*controlapi.Playing, error) {
	views, err := p.playing(ctx, box)
	i := slices.IndexFunc(views, func(v controlapi.Playing) bool { return v.Name == name })
	if err != nil || i < 0 {
		return nil, err
	}
	return &views[i], nil
}

// suggest adds to the refusal of an unknown name the one that was probably meant.
func (p *plane) suggest(err error, name string) error {
	if errors.Is(err, play.ErrUnknown) {
		return p.unknownScenario(name)
	}
	return err
}

func stopScenario(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	name, err := scenarioName(c)
	if err != nil {
		return err
	}
	if err := p.world.StopPlaying(c.Request().Context(), box, name); err != nil {
		return p.suggestPlaying(c.Request().Context(), box, fmt.Errorf("%w: %q", err, name), name)
	}
	return c.NoContent(http.StatusNoContent)
}

// suggestPlaying adds to the refusal to stop what does not play the name that plays and was probably meant.
func (p *plane) suggestPlaying(ctx context.Context, box *sandbox.Sandbox, err error, name string) error {
	if !errors.Is(err, play.ErrNotPlaying) {
		return err
	}
	views, failure := p.playing(ctx, box)
	if failure != nil {
		return failure
	}
	known := convertAll(views, func(v controlapi.Playing) string { return v.Name })
	return problem(world.StatusOf(err), nearest.Ask(err.Error(), nearest.Name(name, known)))
}

// readScripts reads what a sandbox starts with: names of known scenarios, and documents.
func readScripts(given []json.RawMessage) ([]sandbox.Script, error) {
	var all []sandbox.Script
	for i, raw := range given {
		var script sandbox.Script
		switch raw[0] {
		case '{':
			script.Source = string(raw)
		case '"':
			if err := json.Unmarshal(raw, &script.Name); err != nil {
				return nil, err
			}
		default:
			return nil, &sandbox.InvalidError{
				Field: fmt.Sprintf("scenarios[%d]", i), Reason: "must be the name of a scenario or a scenario as an object",
			}
		}
		all = append(all, script)
	}
	return all, nil
}

// scriptProblem points a refusal of a scenario that a sandbox should start with into the body that brought it.
func (p *plane) scriptProblem(text document, given []json.RawMessage, wrong *world.ScriptError) error {
	var name string
	_ = json.Unmarshal(given[wrong.Index], &name) // empty for a document, whose name is known
	shown := asProblem(p.suggest(wrong.Err, name))
	shown.Field = fmt.Sprintf("scenarios[%d]", wrong.Index)
	line, column := text.place(text.find(shown.Field))
	moved := slices.Clone(shown.Problems)
	for i := range moved {
		if moved[i].Line == 1 {
			moved[i].Column += column - 1
		}
		moved[i].Line += line - 1
	}
	shown.Line, shown.Column, shown.Problems = line, column, moved
	if len(moved) > 0 {
		shown.Line, shown.Column = moved[0].Line, moved[0].Column
	}
	return shown
}
