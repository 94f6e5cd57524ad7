package cli

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/testkit/client"
)

type scenariosExplainCommand struct {
	controlFlags
	jsonFlag
	What string `arg:"" name:"name|file" predictor:"scenario" help:"Known scenario, or file with one of your own."`
}

// Help gives the examples.
func (scenariosExplainCommand) Help() string {
	return examples(
		"tokenstage scenarios explain mine.yaml", "what a file does; needs no running emulator",
		"tokenstage scenarios explain mqtt-throttled-then-fine", "what a scenario that ships does",
	)
}

// Run prints the sentences.
func (e *scenariosExplainCommand) Run(ctx context.Context, env Env) error {
	source, err := sourceOf(ctx, env, e.controlFlags, e.What)
	if err != nil {
		return err
	}
	catalogue, err := contract.Builtin()
	if err != nil {
		return err
	}
	s, problems := language.Decode([]byte(source), catalogue)
	if len(problems) > 0 {
		return &badScenario{e.What, problems}
	}
	explained := explain.Scenario(s)
	if e.JSON {
		return writeJSON(env.Stdout, explained)
	}
	printf(env.Stdout, "%s", printable(explained.Text()))
	return nil
}

// sourceOf is the document of a file, or of a known scenario.
func sourceOf(ctx context.Context, env Env, f controlFlags, what string) (string, error) {
	if isFile(what) {
		_, source, err := readScenario(what)
		return source, err
	}
	known, err := fromServerOrShipped(ctx, env, f, func(c *client.Client) (client.ScenarioSource, error) {
		return c.Scenario(ctx, what)
	})
	if err != nil {
		return "", f.failure(err, "scenarios list")
	}
	return known.Source, nil
}
