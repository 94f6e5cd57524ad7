package cli

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// coverageCommand shows which documented errors were seen.
type coverageCommand struct {
	sandboxFlags
	Format string  `enum:"table,json,junit" default:"table" help:"table, json or junit (XML for CI)."`
	Min    percent `placeholder:"PERCENT" help:"Fail if a smaller share of the documented errors was seen."`
}

// Help gives the examples.
func (coverageCommand) Help() string {
	return examples(
		"tokenstage coverage --sandbox checkout-7", "which errors the app under test has met",
		"tokenstage coverage --min 80", "fail in CI below 80 %, and if there were no calls at all",
		"tokenstage coverage --format junit > coverage.xml", "a report for CI servers",
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
	got, err := c.client().Coverage(ctx, c.Sandbox)
	if err != nil {
		return c.failure(err, "sandbox list")
	}
	switch c.Format {
	case "json":
		err = writeJSON(env.Stdout, got)
	case "junit":
		err = writeJUnit(env.Stdout, got)
	default:
		writeCoverage(env.Stdout, got)
	}
	if err != nil {
		return err
	}
	return c.checkMinimum(got)
}

func (c *coverageCommand) checkMinimum(got client.Coverage) error {
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

func writeCoverage(out io.Writer, c client.Coverage) {
	rows := [][]string{{"OPERATION", "CODE", "SEEN"}}
	for _, op := range c.Operations {
		rows = append(rows, []string{op.ID, "ok", strconv.FormatInt(op.OK, 10)})
		for _, e := range op.Errors {
			rows = append(rows, []string{op.ID, e.Code, strconv.FormatInt(e.Seen, 10)})
		}
		for _, e := range op.Undocumented {
			rows = append(rows, []string{op.ID, e.Code, strconv.FormatInt(e.Seen, 10) + " (not documented)"})
		}
	}
	table{}.write(out, rows...)
	printf(out, "\n%s; %s of the documented errors were seen\n", count(int(c.Calls), "call"), seenOfAll(c))
}

// The parts of a JUnit report that all CI servers read.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
	}
)

// writeJUnit reports every documented error as a test, which fails if the error was not seen.
func writeJUnit(out io.Writer, c client.Coverage) error {
	report := junitReport{Name: "tokenstage coverage", Tests: c.Documented, Failures: c.Documented - c.Seen}
	for _, op := range c.Operations {
		suite := junitSuite{Name: op.ID, Tests: len(op.Errors)}
		for _, e := range op.Errors {
			test := junitCase{Class: op.ID, Name: e.Code}
			if e.Seen == 0 {
				test.Failure = &junitFailure{"never seen"}
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, test)
		}
		report.Suites = append(report.Suites, suite)
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	_, head := io.WriteString(out, xml.Header)
	if err := errors.Join(head, encoder.Encode(report)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	printf(out, "\n")
	return nil
}
