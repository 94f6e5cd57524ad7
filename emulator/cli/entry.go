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
		{"outcome", fmt.Sprintf("%s, status %d, decided in %s", e.Outcome, e.Status, micros(e.DurationMicros))},
		{"delivery", deliveryText(e)},
	}
	if e.SignatureTime != "" {
		rows = append(rows, []string{"signed by", signedBy(e.SignatureTime)})
	}
	if d := e.Decision; d != nil {
		rows = append(rows, []string{"scenario", decisionText(d)})
	}
	for _, also := range e.Also {
		rows = append(rows, []string{"also", fmt.Sprintf("%s, rule %d", also.Scenario, also.Rule+1)})
	}
	table{}.write(out, rows...)
}

// decisionText says which step of a scenario took a call. Rules and steps count from 1 for people.
func decisionText(d *client.Decision) string {
	return fmt.Sprintf("%s, rule %d, step %d", d.Scenario, d.Rule+1, d.Step+1) +
		stoodAt(d.Choice, d.Per, d.Key, d.States, d.LeftSeconds)
}

// stoodAt says what else a rule decided by: the choice that was drawn, the value of a field for which it keeps a
// cursor, the states after the call, and how long its quota or window still lasted.
func stoodAt(choice *int, per, key string, states map[string]string, leftSeconds int64) string {
	text := ""
	if choice != nil {
		text += fmt.Sprintf(", choice %d", *choice+1)
	}
	if per != "" {
		text += "; " + per + " " + key
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		text += "; state " + name + " is " + states[name]
	}
	if leftSeconds > 0 {
		text += fmt.Sprintf("; %s left", time.Duration(leftSeconds)*time.Second)
	}
	return text
}

// findingsOf returns the findings of an entry, and after them one for each rule of a scenario that did not take the
// call.
func findingsOf(e client.Entry) []client.Finding {
	all := slices.Clone(e.Findings)
	for _, m := range e.Misses {
		all = append(all, client.Finding{
			Check: fmt.Sprintf("scenario %s, rule %d", m.Scenario, m.Rule+1), Level: client.LevelAdvice,
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

// signedBy says by which time signatures are good.
func signedBy(by client.SignatureTimeRule) string {
	switch by {
	case client.SignedByEither:
		return "the sandbox's clock or real time"
	case client.SignedByClock:
		return "the sandbox's clock"
	case client.SignedByReal:
		return "real time"
	default:
		return "any time"
	}
}
