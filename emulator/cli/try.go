package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
)

type scenariosTryCommand struct {
	controlFlags
	jsonFlag
	What  string   `arg:"" name:"name|file" predictor:"scenario" help:"Known scenario, or file with one of your own."`
	Calls string   `required:"" placeholder:"FILE" help:"File with the calls, in YAML or JSON."`
	Seed  uint64   `placeholder:"N" help:"Draw chance from this seed; without it, that of the default sandbox."`
	Start timeFlag `placeholder:"TIME" help:"Where the clock stands at first; without it 2030-01-01T00:00:00Z."`
}

// Help gives the examples.
func (scenariosTryCommand) Help() string {
	return examples(
		"tokenstage scenarios try mine.yaml --calls calls.yaml", "which rule and step takes each call, and why others do not",
	) + "\n" + `A file of calls:

    - call: onsmqtt.ApplyToken          # the first, at 0s
      params: {InstanceId: post-1}
      expect: Throttling.User           # else the exit code is 1
    - {at: 30s, call: onsmqtt.ApplyToken, params: {InstanceId: post-1}, times: 3, expect: ok}

docs/scenarios.md lists the keys of a call.
`
}

// Run plays the scenario. It fails when a call does not come to what it was expected to.
func (t *scenariosTryCommand) Run(ctx context.Context, env Env) error {
	source, err := sourceOf(ctx, env, t.controlFlags, t.What)
	if err != nil {
		return err
	}
	calls, err := readFile(t.Calls)
	if err != nil {
		return err
	}
	tried, err := emulator.Try(ctx, emulator.TrialOptions{
		Scenario: source, Calls: string(calls), Seed: t.Seed, Start: time.Time(t.Start),
	})
	if bad, ok := errors.AsType[*emulator.TrialError](err); ok {
		return t.refuse(env, bad)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.Calls, err)
	}
	if t.JSON {
		err = writeJSON(env.Stdout, tried)
	} else {
		t.write(env.Stdout, tried)
	}
	if err == nil && tried.Failed > 0 {
		err = fmt.Errorf("%s of %d not as expected", count(tried.Failed, "call"), len(tried.Calls))
	}
	return err
}

// refuse prints every problem of a document.
func (t *scenariosTryCommand) refuse(env Env, bad *emulator.TrialError) error {
	file := t.What
	if bad.InCalls {
		file = t.Calls
	}
	listed := (&badScenario{file, bad.Problems}).listed()
	if t.JSON {
		if err := writeJSON(env.Stdout, map[string][]fileProblem{"problems": listed}); err != nil {
			return err
		}
	} else {
		for _, p := range listed {
			printf(env.Stdout, "%s\n", oneLine(p.String()))
		}
	}
	return fmt.Errorf("%s found", count(len(listed), "problem"))
}

// write prints a row for each call, equal ones of the same entry together, then why rules did not take calls, then what
// was not as expected.
func (t *scenariosTryCommand) write(out io.Writer, tried emulator.Trial) {
	rows := [][]string{{"CALL", "TIMES", "AT", "OPERATION", "TAKEN BY", "OUTCOME", "STATUS", "DELAY", "NETWORK"}}
	var misses, wrong []string
	for i := 0; i < len(tried.Calls); {
		first, times := &tried.Calls[i], 1
		for i+times < len(tried.Calls) && sameResult(first, &tried.Calls[i+times]) {
			times++
		}
		rows = append(rows, t.row(first, times))
		misses = append(misses, missLines(first)...)
		for _, d := range first.Differences {
			wrong = append(wrong, fmt.Sprintf("%s:%d: call %d: %s", t.Calls, first.Line, first.Entry, d))
		}
		i += times
	}
	table{}.write(out, rows...)
	if len(misses) > 0 {
		printf(out, "\nWhy rules did not take a call:\n")
		for _, line := range misses {
			printf(out, "  %s\n", oneLine(line))
		}
	}
	if len(wrong) > 0 {
		printf(out, "\nNot as expected:\n")
		for _, line := range wrong {
			printf(out, "  %s\n", oneLine(line))
		}
	}
}

func (t *scenariosTryCommand) row(c *emulator.TriedCall, times int) []string {
	at := time.Duration(c.AtSeconds * float64(time.Second)).String()
	return []string{
		strconv.Itoa(c.Entry), strconv.Itoa(times), at, c.Operation, takenText(c), c.Outcome, strconv.Itoa(c.Status),
		orDash(c.DelayMillis > 0, (time.Duration(c.DelayMillis) * time.Millisecond).String()), networkText(c),
	}
}

// takenText names what took a call and what added to it. Rules and steps count from 1 for people.
func takenText(c *emulator.TriedCall) string {
	text := c.TakenBy()
	if d := c.Decision; d != nil {
		text += stoodAt(d.Choice, d.Per, d.Key, d.States, d.LeftSeconds)
	}
	for _, rule := range c.Also {
		text += fmt.Sprintf(", with rule %d", rule+1)
	}
	return text
}

func networkText(c *emulator.TriedCall) string {
	text := string(c.Network)
	switch {
	case c.CutBytes > 0:
		text += fmt.Sprintf(" after %d bytes", c.CutBytes)
	case c.BytesPerSecond > 0:
		text += fmt.Sprintf(" at %d bytes a second", c.BytesPerSecond)
	}
	if c.BetweenMillis > 0 {
		text += fmt.Sprintf(" pauses of %dms", c.BetweenMillis)
	}
	return orDash(text != "", strings.TrimSpace(text))
}

func orDash(is bool, text string) string {
	if is {
		return text
	}
	return "-"
}

// missLines say why rules did not take a call.
func missLines(c *emulator.TriedCall) []string {
	var lines []string
	for _, m := range c.Misses {
		lines = append(lines, fmt.Sprintf("call %d, rule %d, %s: expected %s, got %s", c.Entry, m.Rule+1, m.Condition,
			m.Expected, m.Got))
	}
	return lines
}

// sameResult reports whether two calls of one entry came to the same.
func sameResult(a, b *emulator.TriedCall) bool {
	return a.Entry == b.Entry && a.Outcome == b.Outcome && a.Status == b.Status && takenText(a) == takenText(b) &&
		a.DelayMillis == b.DelayMillis && networkText(a) == networkText(b) && slices.Equal(a.Misses, b.Misses) &&
		slices.Equal(a.Differences, b.Differences)
}
