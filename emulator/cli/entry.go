package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// entryPrinter writes an entry in full: a summary, the findings, the request and the response.
type entryPrinter struct{ style style }

func (t entryPrinter) write(out io.Writer, e client.Entry) {
	t.summary(out, e)
	for _, f := range findingsOf(e) {
		t.finding(out, f)
	}
	request, response := e.Request, e.Response
	t.message(out, "request", request.Method+" "+request.URL, request.Headers,
		content{request.Body, request.BodyBytes, request.BodyTruncated})
	status := fmt.Sprintf("%d %s", response.Status, http.StatusText(response.Status))
	t.message(out, "response", status, response.Headers,
		content{response.Body, response.BodyBytes, response.BodyTruncated})
	if e.Panic != "" {
		t.heading(out, "panic")
		t.text(out, "  ", e.Panic)
	}
	t.text(out, "", "")
}

func (t entryPrinter) summary(out io.Writer, e client.Entry) {
	rows := [][]string{
		{"id", e.ID},
		{"time", e.Time.UTC().Format(time.RFC3339Nano)},
		{"operation", operationOrPath(e)},
		{"sandbox", e.Sandbox},
		{"credential", e.Credential},
		{"outcome", fmt.Sprintf("%s, status %d, after %s", e.Outcome, e.Status, duration(e))},
	}
	if d := e.Decision; d != nil {
		rows = append(rows, []string{"scenario", fmt.Sprintf("%s, rule %d, step %d", d.Scenario, d.Rule, d.Step)})
	}
	table{}.write(out, rows...)
}

// findingsOf returns the findings of an entry, and after them one for each rule of a scenario that did not take the
// call.
func findingsOf(e client.Entry) []client.Finding {
	all := slices.Clone(e.Findings)
	for _, m := range e.Misses {
		all = append(all, client.Finding{
			Check: fmt.Sprintf("scenario %s, rule %d", m.Scenario, m.Rule), Level: client.LevelAdvice,
			Message:  "The rule did not take the call: " + m.Condition + ".",
			Expected: m.Expected, Got: m.Got,
		})
	}
	return all
}

func (t entryPrinter) finding(out io.Writer, f client.Finding) {
	t.heading(out, f.Level+": "+f.Check)
	t.text(out, "  ", f.Message)
	for _, part := range [][2]string{
		{"expected", f.Expected}, {"got", f.Got}, {"server", f.Server}, {"client", f.Client}, {"first difference", f.Marker},
	} {
		if part[1] != "" {
			t.text(out, "  ", part[0])
			t.text(out, "    ", part[1])
		}
	}
}

// content is the body of a request or a response as the journal keeps it.
type content struct {
	body      string
	bytes     int // its true size
	truncated bool
}

func (t entryPrinter) message(out io.Writer, name, first string, headers http.Header, c content) {
	t.heading(out, name)
	t.text(out, "  ", first)
	for _, header := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[header] {
			t.text(out, "  ", header+": "+value)
		}
	}
	if c.body != "" {
		t.text(out, "", "")
		t.text(out, "  ", c.body)
	}
	if c.truncated {
		t.text(out, "  ", fmt.Sprintf("(the first %d of %d bytes)", len(c.body), c.bytes))
	}
}

func (t entryPrinter) heading(out io.Writer, text string) {
	printf(out, "\n%s\n", t.style.heading(printable(text)))
}

// text writes lines with an indent.
func (t entryPrinter) text(out io.Writer, indent, text string) {
	printf(out, "%s%s\n", indent, strings.ReplaceAll(printable(text), "\n", "\n"+indent))
}
