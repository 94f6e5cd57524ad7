package console

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// callRow is a call as a row of the list says it.
type callRow struct {
	journal.Summary
	ending

	Credential string
	// Subject are the parameters that tell the call apart.
	Subject []field
	// Why says in a sentence why the call did not simply work: its first finding, or what its error means.
	Why      string
	Timeline timeline
}

// rowsOf reads what the rows of some calls say.
func (c *console) rowsOf(calls []listedCall) []callRow {
	rows := make([]callRow, len(calls))
	for i, call := range calls {
		e := call.record.Entry()
		e.Delivery = call.Delivery
		rows[i] = c.rowOf(&e, call.Summary)
	}
	return rows
}

func (c *console) rowOf(e *journal.Entry, s journal.Summary) callRow {
	row := callRow{
		Summary: s, ending: endingOf(e), Credential: e.Credential, Timeline: c.timelineOf(e),
	}
	if op := c.World.Catalogue().Operation(e.Operation); op != nil {
		row.Subject = subjectOf(op, e)
	}
	row.Name = c.nameOf(e)
	row.Why = c.why(e)
	return row
}

// why is the sentence of a row; empty for a call that simply worked.
func (c *console) why(e *journal.Entry) string {
	failed := e.Outcome != wire.OutcomeOK
	for _, f := range e.Findings {
		if f.Level == wire.LevelError || !failed {
			return f.Message
		}
	}
	if failed {
		return c.meaning(e)
	}
	return ""
}

// nameOf is what an error is called whose code is a mere number; empty for all other outcomes.
func (c *console) nameOf(e *journal.Entry) string {
	if strings.ContainsFunc(e.Outcome, func(r rune) bool { return !unicode.IsDigit(r) }) {
		return ""
	}
	return c.documented(e).Message
}

// documented is the error that a call ended in, as the specs have it; zero where they do not.
func (c *console) documented(e *journal.Entry) contract.Error {
	if op := c.World.Catalogue().Operation(e.Operation); op != nil {
		found, _ := op.ErrorOf(e.Outcome)
		return found
	}
	if gw := c.World.Catalogue().Gateway(e.Gateway); gw != nil {
		found, _ := gw.ErrorOf(e.Outcome)
		return found
	}
	return contract.Error{}
}

// meaning is what the specs say of the error that a call ended in; empty when they say nothing.
func (c *console) meaning(e *journal.Entry) string { return c.documented(e).Meaning }

// mostSubjects is how many parameters a row names, longestSubject how much of each.
const (
	mostSubjects   = 2
	longestSubject = 80
)

// subjectOf are the parameters that the spec names for an operation, as far as they were sent.
func subjectOf(op *contract.Operation, e *journal.Entry) (subject []field) {
	_, query, _ := strings.Cut(e.Request.URL, "?")
	body := strings.TrimSpace(e.Request.Body)
	sent := readPairs(query)
	if body != "" && body[0] != '{' {
		sent = append(sent, readPairs(body)...)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Request.Parameters)) {
		sent = append(sent, field{name, e.Request.Parameters[name]})
	}
	for _, name := range op.Subject {
		value := sentValue(name, sent, body)
		if value == "" {
			continue
		}
		if parts := strings.Split(name, "."); len(parts) > 1 {
			name = parts[len(parts)-1]
		}
		subject = append(subject, field{name, shortened(value, longestSubject)})
		if len(subject) == mostSubjects {
			break
		}
	}
	return subject
}

// sentValue is the value of a parameter, where it stands in the query, a form or a JSON document in either or as the
// body; empty where it is not there or no plain value.
func sentValue(name string, sent []field, body string) string {
	head, members, nested := strings.Cut(name, ".")
	for _, pair := range sent {
		switch {
		case pair.Name != head:
		case nested:
			return member(pair.Value, members)
		default:
			return pair.Value
		}
	}
	return member(body, name)
}

// member is a plain value in a JSON object, by the names that lead to it.
func member(document, path string) string {
	var value any
	if depthOf(document) > maxDepth || json.Unmarshal([]byte(document), &value) != nil {
		return ""
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return ""
		}
		value = object[name]
	}
	switch value := value.(type) {
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}

// shortened is a text that fits, with a sign that some is missing.
func shortened(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most]) + "…"
}
