package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/scenarios"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// scenariosCommand is the group of commands about scenarios.
type scenariosCommand struct {
	List   scenariosListCommand   `cmd:"" help:"List the scenarios that can be played by name."`
	Show   scenariosShowCommand   `cmd:"" help:"Print a scenario, to learn from or to build on."`
	Check  scenariosCheckCommand  `cmd:"" help:"Check scenario files; needs no running emulator."`
	Schema scenariosSchemaCommand `cmd:"" help:"Print the JSON Schema of scenarios, for editors."`
}

type scenariosListCommand struct {
	controlFlags
	All  bool `help:"Also list the scenarios for single documented errors."`
	JSON bool `name:"json" help:"Print JSON, as the control API returns it."`
}

// Help gives the examples.
func (scenariosListCommand) Help() string {
	return examples(
		"tokenstage scenarios list", "the scenarios that ship with Tokenstage",
		"tokenstage scenarios list --all", "with one more for every documented error",
	)
}

// errorPrefix is the prefix of the names of scenarios for single documented errors.
const errorPrefix = "error/"

// Run prints the list, and how many scenarios it leaves out.
func (l *scenariosListCommand) Run(ctx context.Context, env Env) error {
	known, err := l.client().Scenarios(ctx)
	if err != nil {
		return l.failure(err, "scenarios list")
	}
	if l.JSON {
		return writeJSON(env.Stdout, controlapi.ScenarioList{Scenarios: known})
	}
	rows, hidden := [][]string{{"NAME", "SUMMARY"}}, 0
	for _, s := range known {
		if !l.All && s.Generated {
			hidden++
			continue
		}
		rows = append(rows, []string{s.Name, s.Summary})
	}
	table{}.write(env.Stdout, rows...)
	if hidden > 0 {
		printf(env.Stdout, "and %d for documented errors, %sAPI.OPERATION/CODE; --all lists them\n", hidden, errorPrefix)
	}
	return nil
}

type scenariosShowCommand struct {
	controlFlags
	Name string `arg:"" help:"Name of the scenario."`
}

// Help gives the examples.
func (scenariosShowCommand) Help() string {
	return examples(
		"tokenstage scenarios show mqtt-throttled-then-fine > mine.yaml", "a starting point for your own",
		"tokenstage scenarios show error/onsmqtt.ApplyToken/ApplyTokenOverFlow", "what a documented error looks like",
	)
}

// Run prints the document as it was written.
func (s *scenariosShowCommand) Run(ctx context.Context, env Env) error {
	found, err := s.client().Scenario(ctx, s.Name)
	if err != nil {
		return s.failure(err, "scenarios list")
	}
	printf(env.Stdout, "%s\n", strings.TrimSuffix(printable(found.Source), "\n"))
	return nil
}

type scenariosCheckCommand struct {
	Files []string `arg:"" name:"file" help:"Files with one scenario each, in YAML or JSON."`
}

// Help gives the examples.
func (scenariosCheckCommand) Help() string {
	return examples("tokenstage scenarios check mine.yaml", "what is wrong and where, in the format of compilers")
}

// Run prints every problem of every file.
func (c *scenariosCheckCommand) Run(env Env) error {
	wrong := 0
	for _, file := range c.Files {
		_, _, err := readScenario(file)
		bad, ok := errors.AsType[*badScenario](err)
		if err != nil && !ok {
			return err
		}
		if ok {
			wrong += len(bad.problems)
			for _, line := range bad.lines() {
				printf(env.Stdout, "%s\n", oneLine(line))
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%s found", count(wrong, "problem"))
	}
	printf(env.Stdout, "%s checked, no problems\n", count(len(c.Files), "file"))
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type scenariosSchemaCommand struct{}

// Help gives the examples.
func (scenariosSchemaCommand) Help() string {
	return examples(
		"tokenstage scenarios schema > schema.json", "then start a file with: # yaml-language-server: $schema=schema.json",
	)
}

// Run prints the schema.
func (scenariosSchemaCommand) Run(env Env) error {
	schema, err := scenarios.Files.ReadFile("schema.json")
	if err != nil {
		return err
	}
	printf(env.Stdout, "%s", schema)
	return nil
}

// badScenario is the error of a file that is not a valid scenario.
type badScenario struct {
	file     string
	problems scenario.Problems
}

// lines returns a line for each problem: where it is, what is wrong and what was probably meant.
func (b *badScenario) lines() []string {
	lines := make([]string, len(b.problems))
	for i, p := range b.problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", b.file, p.Line, p.Column, p.Message)
		if p.Meant != "" {
			lines[i] += fmt.Sprintf(" (did you mean %q?)", p.Meant)
		}
	}
	return lines
}

// Error returns the first problem and the number of others.
func (b *badScenario) Error() string {
	text := b.lines()[0]
	if more := len(b.problems) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more, see: tokenstage scenarios check %s", more, b.file)
	}
	return text
}

// readScenario reads a file. The error is a *badScenario if the document is not valid.
func readScenario(file string) (name, source string, err error) {
	raw, err := readFile(file)
	if err != nil {
		return "", "", err
	}
	catalogue, err := contract.Builtin()
	if err != nil {
		return "", "", err
	}
	s, problems := language.Decode(raw, catalogue)
	if len(problems) > 0 {
		return "", "", &badScenario{file, problems}
	}
	return s.Name, string(raw), nil
}

// playable is a known scenario by its name, or the document of a file with its source.
type playable struct{ name, source string }

func (p playable) play(ctx context.Context, c *client.Client, box string) error {
	if p.source == "" {
		return c.PlayScenario(ctx, box, p.name)
	}
	return c.PlayDocument(ctx, box, p.name, p.source)
}
