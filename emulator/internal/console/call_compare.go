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
	// Lines are those of bodies that are no forms; nil for what has fields.
	Lines *comparison
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
		compareBodies("Body of the request", readContent(left.Request.Content, contentType(left.Request.Headers)),
			readContent(right.Request.Content, contentType(right.Request.Headers))),
		compareFields("Headers of the response", sortedFields(left.Response.Headers), sortedFields(right.Response.Headers)),
		compareBodies("Body of the response", readContent(left.Response.Content, contentType(left.Response.Headers)),
			readContent(right.Response.Content, contentType(right.Response.Headers))),
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
		{"Operation", e.Operation},
		{"Outcome", e.Outcome},
		{"Status", strconv.Itoa(e.Status)},
		{"Delivery", string(e.Delivery.State)},
		{"Credential", e.Credential},
		{"Address", e.Request.Method + " " + path},
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

// compareBodies compares the fields of forms, or the lines of other bodies as they are laid out.
func compareBodies(title string, left, right content) comparedGroup {
	if left.Fields != nil && right.Fields != nil {
		return compareFields(title, left.Fields, right.Fields)
	}
	group := comparedGroup{Title: title}
	if laid := [2]string{laidOut(left), laidOut(right)}; laid[0] != laid[1] {
		lines := compareTexts(laid[0], laid[1])
		group.Lines = &lines
	} else if laid[0] != "" {
		group.Same = 1
	}
	return group
}

// laidOut is a body as it is shown.
func laidOut(c content) string {
	if c.Pretty != "" {
		return c.Pretty
	}
	return c.Body
}

// compareFields pairs fields by their names, in the order of the left.
func compareFields(title string, left, right []field) comparedGroup {
	compared := compareParts(partsOf(left), partsOf(right), true)
	return comparedGroup{Title: title, Rows: compared.Differing, Same: len(compared.Same)}
}
