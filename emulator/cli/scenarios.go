package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/scenarios"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// scenariosCommand is the group of commands about scenarios.
type scenariosCommand struct {
	List    scenariosListCommand    `cmd:"" default:"withargs" help:"List what can be played by name (default)."`
	Show    scenariosShowCommand    `cmd:"" help:"Print a scenario, to learn from or to build on."`
	Explain scenariosExplainCommand `cmd:"" help:"Say in plain sentences what a scenario does, rule by rule."`
	Check   scenariosCheckCommand   `cmd:"" help:"Check scenario files; needs no running emulator."`
	Try     scenariosTryCommand     `cmd:"" help:"Try a scenario with described calls; needs no running emulator."`
	Playing scenariosPlayingCommand `cmd:"" help:"Show what plays in a sandbox: cursors, states and the time left."`
	Schema  scenariosSchemaCommand  `cmd:"" help:"Print the JSON Schema of scenarios, for editors."`
}

type scenariosListCommand struct {
	controlFlags
	jsonFlag
	All bool `help:"Also list the scenarios for single documented errors."`
}

// Help gives the examples.
func (scenariosListCommand) Help() string {
	return examples(
		"tokenstage scenarios", "the scenarios that ship with Tokenstage; needs no running emulator",
		"tokenstage scenarios list --all", "with one more for every documented error",
	)
}

// Run prints the list, and how many scenarios it leaves out.
func (l *scenariosListCommand) Run(ctx context.Context, env Env) error {
	known, err := fromServerOrShipped(ctx, env, l.controlFlags, func(c *client.Client) ([]client.ScenarioInfo, error) {
		return c.Scenarios(ctx)
	})
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
		printf(env.Stdout, "and %d for documented errors, %sAPI.OPERATION/CODE; --all lists them\n",
			hidden, scenario.ErrorPrefix)
	}
	return nil
}

type scenariosShowCommand struct {
	controlFlags
	jsonFlag
	Name string `arg:"" predictor:"scenario" help:"Name of the scenario."`
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
	found, err := fromServerOrShipped(ctx, env, s.controlFlags, func(c *client.Client) (client.ScenarioSource, error) {
		return c.Scenario(ctx, s.Name)
	})
	if err != nil {
		return s.failure(err, "scenarios list")
	}
	if s.JSON {
		return writeJSON(env.Stdout, found)
	}
	printf(env.Stdout, "%s\n", strings.TrimSuffix(printable(found.Source), "\n"))
	return nil
}

type scenariosCheckCommand struct {
	jsonFlag
	Files []string `arg:"" name:"file" help:"Files with one scenario each, in YAML or JSON."`
}

// Help gives the examples.
func (scenariosCheckCommand) Help() string {
	return examples("tokenstage scenarios check mine.yaml", "what is wrong and where, in the format of compilers")
}

// Run prints every problem of every file.
func (c *scenariosCheckCommand) Run(env Env) error {
	found, advice := []fileProblem{}, []fileProblem{}
	for _, file := range c.Files {
		problems, more, err := checkFile(file)
		if err != nil {
			return err
		}
		found, advice = append(found, problems...), append(advice, more...)
	}
	if c.JSON {
		told := map[string][]fileProblem{"problems": found}
		if len(advice) > 0 {
			told["advice"] = advice
		}
		if err := writeJSON(env.Stdout, told); err != nil {
			return err
		}
	}
	for _, p := range advice {
		c.print(env, oneLine(p.advice()))
	}
	if len(found) > 0 {
		for _, p := range found {
			c.print(env, oneLine(p.String()))
		}
		return fmt.Errorf("%s found", count(len(found), "problem"))
	}
	c.print(env, count(len(c.Files), "file")+" checked, no problems")
	return nil
}

// checkFile returns the problems of a file and what is advised about it.
func checkFile(file string) (problems, advice []fileProblem, err error) {
	source, err := readDocument(file)
	if bad, ok := errors.AsType[*badScenario](err); ok {
		return bad.listed(), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, nil, err
	}
	wrong, advised := language.Check(source, catalogue, time.Now())
	return (&badScenario{file, wrong}).listed(), (&badScenario{file, advised}).listed(), nil
}

// print writes a line for people.
func (c *scenariosCheckCommand) print(env Env, line string) {
	if !c.JSON {
		printf(env.Stdout, "%s\n", line)
	}
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

// fileProblem is a problem of a file: where it is, what is wrong and what was probably meant.
type fileProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Meant   string `json:"meant,omitempty"`
}

// String is the problem in the format of compilers.
func (p fileProblem) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Meant != "" {
		text += fmt.Sprintf(" (did you mean %q?)", p.Meant)
	}
	return text
}

// advice is the problem as a piece of advice.
func (p fileProblem) advice() string {
	where := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	return where + "advice: " + strings.TrimPrefix(p.String(), where)
}

// listed returns the problems with the file that has them.
func (b *badScenario) listed() []fileProblem {
	all := make([]fileProblem, len(b.problems))
	for i, p := range b.problems {
		all[i] = fileProblem{b.file, p.Line, p.Column, p.Message, p.Meant}
	}
	return all
}

// Error returns the first problem and the number of others.
func (b *badScenario) Error() string {
	text := b.listed()[0].String()
	if more := len(b.problems) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more, see: tokenstage scenarios check %s", more, b.file)
	}
	return text
}

// readScenario reads a file. The error is a *badScenario if the document is not valid.
func readScenario(file string) (name, source string, err error) {
	raw, err := readDocument(file)
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

// readDocument reads a file and puts the files that it names into it. The error is a *badScenario where that fails.
func readDocument(file string) ([]byte, error) {
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	folder, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err // the error names the folder
	}
	defer func() { _ = folder.Close() }()
	source, problems := language.Inline(raw, folder.FS())
	if len(problems) > 0 {
		return nil, &badScenario{file, problems}
	}
	return source, nil
}

// warn tells of what can be played and can never happen.
func warn(env Env, file, source string) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return // which playing it has told
	}
	problems, advice := language.Check([]byte(source), catalogue, time.Now())
	for _, p := range (&badScenario{file, append(problems, advice...)}).listed() {
		printf(env.Stderr, "%s\n", oneLine(p.advice()))
	}
}

// playable is a known scenario by its name, or the document of a file with its source.
type playable struct{ name, source string }

func (p playable) play(ctx context.Context, c *client.Client, box string) error {
	if p.source == "" {
		return c.PlayScenario(ctx, box, p.name)
	}
	return c.PlayDocument(ctx, box, p.name, p.source)
}
