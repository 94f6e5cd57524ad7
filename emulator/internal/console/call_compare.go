package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// callsCompared is one call beside another.
type callsCompared struct {
	Left, Right journal.Entry
	// Groups are what differs, by what it is of; a group without rows is the same in both.
	Groups []comparedGroup
}

// comparedGroup are fields of two calls.
type comparedGroup struct {
	Title string
	Rows  []partRow
	// Same counts the fields that are the same.
	Same int
}

// compareCalls shows two calls of a sandbox, named by left and right.
func (c *console) compareCalls(r *http.Request, l *layout) (body, error) {
	query := r.URL.Query()
	page := callsCompared{}
	var err error
	if page.Left, err = c.side(r, l, query.Get("left"), query.Get("left-seq")); err != nil {
		return body{}, err
	}
	if page.Right, err = c.side(r, l, query.Get("right"), query.Get("right-seq")); err != nil {
		return body{}, err
	}
	left, right := &page.Left, &page.Right
	page.Groups = []comparedGroup{
		compareFields("What happened", factsOf(left), factsOf(right)),
		compareFields("Query", queryOf(left), queryOf(right)),
		compareFields("Headers of the request", sortedFields(left.Request.Headers), sortedFields(right.Request.Headers)),
		compareFields("Body of the request", bodyFields(left.Request.Content, left.Request.Headers),
			bodyFields(right.Request.Content, right.Request.Headers)),
		compareFields("Headers of the response", sortedFields(left.Response.Headers), sortedFields(right.Response.Headers)),
		compareFields("Body of the response", bodyFields(left.Response.Content, left.Response.Headers),
			bodyFields(right.Response.Content, right.Response.Headers)),
	}
	return body{"compare", "Two calls", page}, nil
}

func (c *console) side(r *http.Request, l *layout, id, seq string) (journal.Entry, error) {
	number, _ := strconv.ParseUint(seq, 10, 64)
	return c.entry(r.Context(), l.Sandbox, strings.TrimSpace(id), number)
}

// factsOf are what the journal says of a call beside what was sent.
func factsOf(e *journal.Entry) []field {
	path, _, _ := strings.Cut(e.Request.URL, "?")
	facts := []field{
		{"Operation", e.Operation}, {"Outcome", e.Outcome}, {"Status", strconv.Itoa(e.Status)},
		{"Delivery", string(e.Delivery.State)}, {"Credential", e.Credential}, {"Address", e.Request.Method + " " + path},
	}
	if d := e.Decision; d != nil {
		facts = append(facts, field{"Decided by", fmt.Sprintf("%s, rule %d, step %d", d.Scenario, d.Rule+1, d.Step+1)})
	}
	for _, f := range e.Findings {
		facts = append(facts, field{"Finding " + f.Check, f.Message})
	}
	return facts
}

func queryOf(e *journal.Entry) []field {
	_, query, _ := strings.Cut(e.Request.URL, "?")
	return readPairs(query)
}

// bodyFields are the fields of a form, or the lines of any other body as it is laid out.
func bodyFields(c journal.Content, headers map[string][]string) []field {
	shown := readContent(c, contentType(headers))
	if shown.Fields != nil {
		return shown.Fields
	}
	text := shown.Body
	if shown.Pretty != "" {
		text = shown.Pretty
	}
	var fields []field
	for i, line := range strings.Split(text, "\n") {
		if text != "" {
			fields = append(fields, field{fmt.Sprintf("line %d", i+1), line})
		}
	}
	return fields
}

// compareFields pairs fields by their names, in the order of the left.
func compareFields(title string, left, right []field) comparedGroup {
	compared := compareParts(partsOf(left), partsOf(right), true)
	return comparedGroup{Title: title, Rows: compared.Differing, Same: len(compared.Same)}
}
