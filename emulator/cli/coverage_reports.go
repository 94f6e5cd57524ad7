package cli

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// neverSeen is what both reports say of a documented error that did not come.
const neverSeen = "never seen"

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
	report := junitReport{Name: "tokenstage coverage"}
	for _, op := range c.Operations {
		suite := junitSuite{Name: op.ID, Tests: len(op.Errors)}
		for _, e := range op.Errors {
			test := junitCase{Class: op.ID, Name: e.Code}
			if e.Seen == 0 {
				test.Failure = &junitFailure{neverSeen}
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, test)
		}
		report.Suites = append(report.Suites, suite)
		report.Tests, report.Failures = report.Tests+suite.Tests, report.Failures+suite.Failures
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

// The parts of a report in the Common Test Report Format (https://ctrf.io, version 0.0.0 of its schema): those that it
// requires, and those that its readers show.
type (
	ctrfReport struct {
		ReportFormat string      `json:"reportFormat"`
		SpecVersion  string      `json:"specVersion"`
		GeneratedBy  string      `json:"generatedBy"`
		Results      ctrfResults `json:"results"`
	}
	ctrfResults struct {
		Tool    ctrfTool    `json:"tool"`
		Summary ctrfSummary `json:"summary"`
		Tests   []ctrfTest  `json:"tests"`
	}
	ctrfTool struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	ctrfSummary struct {
		Tests   int   `json:"tests"`
		Passed  int   `json:"passed"`
		Failed  int   `json:"failed"`
		Skipped int   `json:"skipped"`
		Pending int   `json:"pending"`
		Other   int   `json:"other"`
		Suites  int   `json:"suites"`
		Start   int64 `json:"start"` // in milliseconds since 1970
		Stop    int64 `json:"stop"`
	}
	ctrfTest struct {
		Name     string   `json:"name"`
		Status   string   `json:"status"`
		Duration int64    `json:"duration"` // in milliseconds; what was counted took none
		Suite    []string `json:"suite"`
		Message  string   `json:"message,omitempty"`
	}
)

// writeCTRF reports what writeJUnit does, for the moment in which the calls were counted.
func writeCTRF(out io.Writer, c client.Coverage, at time.Time) error {
	results := ctrfResults{
		Tool:    ctrfTool{Name: "tokenstage", Version: readVersion().Version},
		Summary: ctrfSummary{Suites: len(c.Operations), Start: at.UnixMilli(), Stop: at.UnixMilli()},
		Tests:   []ctrfTest{},
	}
	for _, op := range c.Operations {
		for _, e := range op.Errors {
			test := ctrfTest{Name: e.Code, Status: "passed", Suite: []string{op.ID}}
			if e.Seen == 0 {
				test.Status, test.Message = "failed", neverSeen
				results.Summary.Failed++
			}
			results.Tests = append(results.Tests, test)
		}
	}
	results.Summary.Tests = len(results.Tests)
	results.Summary.Passed = results.Summary.Tests - results.Summary.Failed
	return writeJSON(out, ctrfReport{
		ReportFormat: "CTRF", SpecVersion: "0.0.0", GeneratedBy: "tokenstage coverage", Results: results,
	})
}
