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

	"github.com/tokenstage/tokenstage/testkit/client"
)

// coverageCommand shows which documented errors were seen.
type coverageCommand struct {
	sandboxFlags
	jsonFlag
	All     bool    `help:"Count the calls of all sandboxes, also of those that were removed or reset since."`
	API     string  `name:"api" predictor:"api" placeholder:"NAME" help:"Only this API, such as onsmqtt."`
	Missing bool    `help:"List only the documented errors that were not seen."`
	Format  string  `enum:"table,json,junit,ctrf" default:"table" help:"table, json, or for CI junit (XML) or ctrf."`
	Min     percent `placeholder:"PERCENT" help:"Fail if a smaller share of the documented errors was seen."`
}

// Help gives the examples.
func (coverageCommand) Help() string {
	return examples(
		"tokenstage coverage --sandbox checkout-7", "which errors the app under test has met",
		"tokenstage coverage --missing --api onsmqtt", "what is left to test of one API",
		"tokenstage coverage --all --min 80", "fail in CI below 80 %, and if there were no calls at all",
		"tokenstage coverage --format junit > coverage.xml", "a report for CI servers",
		"tokenstage coverage --format ctrf > ctrf-report.json", "the same for tools that read the Common Test Report Format",
	)
}

// percent is a flag with a threshold.
type percent float64

// Validate refuses numbers that are not a percentage.
func (p percent) Validate() error {
	if !(p >= 0 && p <= 100) {
		return fmt.Errorf("must be a number from 0 to 100, got %v", float64(p))
	}
	return nil
}

// Run prints the report, and fails if too few errors were seen.
func (c *coverageCommand) Run(ctx context.Context, env Env) error {
	got, err := c.read(ctx)
	if err != nil {
		return c.failure(err, "sandbox list")
	}
	if got, err = c.selected(got); err != nil {
		return err
	}
	switch {
	case c.JSON, c.Format == "json":
		err = writeJSON(env.Stdout, got)
	case c.Format == "junit":
		err = writeJUnit(env.Stdout, got)
	case c.Format == "ctrf":
		err = writeCTRF(env.Stdout, got, time.Now())
	default:
		c.write(env.Stdout, got)
	}
	if err != nil {
		return err
	}
	return c.checkMinimum(got)
}

func (c *coverageCommand) read(ctx context.Context) (client.Coverage, error) {
	if c.All {
		return c.client().WholeCoverage(ctx)
	}
	return c.client().Coverage(ctx, c.Sandbox)
}

// selected returns the part that the flags ask for. Its counts are those of the API; what --missing leaves out counts.
func (c *coverageCommand) selected(got client.Coverage) (client.Coverage, error) {
	if c.API != "" {
		var names []string
		part := client.Coverage{Operations: []client.OperationCoverage{}}
		for _, op := range got.Operations {
			api, _, _ := strings.Cut(op.ID, ".")
			names = append(names, api)
			if api == c.API {
				part.Operations = append(part.Operations, op)
				part.Calls, part.Documented, part.Seen = part.Calls+op.Calls, part.Documented+len(op.Errors), part.Seen+seen(op)
			}
		}
		if len(part.Operations) == 0 {
			return part, unknownName("API", c.API, names)
		}
		got = part
	}
	if c.Missing {
		for i, op := range got.Operations {
			got.Operations[i].Errors = slices.DeleteFunc(op.Errors, func(e client.CodeCount) bool { return e.Seen > 0 })
			got.Operations[i].Undocumented = []client.CodeCount{}
		}
	}
	return got, nil
}

// seen counts the documented errors of an operation that came.
func seen(op client.OperationCoverage) int {
	n := 0
	for _, e := range op.Errors {
		if e.Seen > 0 {
			n++
		}
	}
	return n
}

func (c *coverageCommand) checkMinimum(got client.Coverage) error {
	if got.Calls == 0 && c.All {
		return errors.New("no calls in any sandbox: is the app under test pointed at this emulator?")
	}
	if got.Calls == 0 {
		return fmt.Errorf("no calls in the sandbox %s: is the app under test pointed at it?", c.Sandbox)
	}
	if percentSeen(got) < float64(c.Min) {
		return fmt.Errorf("%s of the documented errors were seen, fewer than --min %v%%", seenOfAll(got), float64(c.Min))
	}
	return nil
}

// percentSeen is the share of the documented errors that were seen, in percent.
func percentSeen(c client.Coverage) float64 {
	const whole = 100
	if c.Documented == 0 {
		return whole
	}
	return whole * float64(c.Seen) / float64(c.Documented)
}

func seenOfAll(c client.Coverage) string {
	return fmt.Sprintf("%d of %d (%.1f%%)", c.Seen, c.Documented, percentSeen(c))
}

func (c *coverageCommand) write(out io.Writer, got client.Coverage) {
	rows := [][]string{{"OPERATION", "CODE", "SEEN"}}
	for _, op := range got.Operations {
		if !c.Missing {
			rows = append(rows, []string{op.ID, "ok", strconv.FormatInt(op.OK, 10)})
		}
		for _, e := range op.Errors {
			rows = append(rows, []string{op.ID, e.Code, strconv.FormatInt(e.Seen, 10)})
		}
		for _, e := range op.Undocumented {
			rows = append(rows, []string{op.ID, e.Code, strconv.FormatInt(e.Seen, 10) + " (not documented)"})
		}
	}
	table{}.write(out, rows...)
	printf(out, "\n%s; %s of the documented errors were seen\n", count(int(got.Calls), "call"), seenOfAll(got))
}
