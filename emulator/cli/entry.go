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
	for _, f := range e.Findings {
		t.finding(out, f)
	}
	t.message(out, "request", e.Request.Method+" "+e.Request.URL, e.Request.Headers, e.Request.Content)
	status := fmt.Sprintf("%d %s", e.Response.Status, http.StatusText(e.Response.Status))
	t.message(out, "response", status, e.Response.Headers, e.Response.Content)
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

func (t entryPrinter) message(out io.Writer, name, first string, headers http.Header, c client.Content) {
	t.heading(out, name)
	t.text(out, "  ", first)
	for _, header := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[header] {
			t.text(out, "  ", header+": "+value)
		}
	}
	if c.Body != "" {
		t.text(out, "", "")
		t.text(out, "  ", c.Body)
	}
	if c.BodyTruncated {
		t.text(out, "  ", fmt.Sprintf("(the first %d of %d bytes)", len(c.Body), c.BodyBytes))
	}
}

func (t entryPrinter) heading(out io.Writer, text string) {
	printf(out, "\n%s\n", t.style.heading(printable(text)))
}

// text writes lines with an indent.
func (t entryPrinter) text(out io.Writer, indent, text string) {
	printf(out, "%s%s\n", indent, strings.ReplaceAll(printable(text), "\n", "\n"+indent))
}
