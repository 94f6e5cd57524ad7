// Package contract holds the specs: it loads them, finds operations, validates what comes in and goes out against
// them, and lists their documented errors. It is the only package that knows kin-openapi.
package contract

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// Catalogue is every API and gateway that was loaded, ready for use and read-only.
type Catalogue struct {
	// APIs and Gateways are sorted by name.
	APIs     []*API
	Gateways []*Gateway

	byAction map[action][]*Operation
	routers  map[string][]routers.Router // by gateway
	byRoute  map[*openapi3.Operation]*Operation
}

// Gateway is what the gateway's own document says: the errors and checks that all its operations share, and how a call
// is refused.
type Gateway struct {
	Name   string
	Title  string
	Errors []Error
	Checks []Check

	refusal  *openapi3.Schema // nil when the document has none
	statuses map[int]bool     // the HTTP statuses of Errors
}

// API is one product.
type API struct {
	Name        string
	Title       string
	Description string
	Gateway     *Gateway
	// Product is the provider's product code, Version its version string.
	Product string
	Version string
	// Operations stand in the order of the document's paths, sorted.
	Operations []*Operation
	// Source is the document as written, YAML.
	Source []byte
}

// Operation is one call of an API.
type Operation struct {
	API *API
	// ID is the operationId; Name is "api.ID".
	ID          string
	Name        string
	Summary     string
	Description string
	// Action is what the request names on gateways that dispatch by name: the RPC action or the TOP method.
	Action string
	// Methods are the HTTP methods that the operation takes.
	Methods []string
	// Path is the path on the wire.
	Path string
	// Inputs are the parameters of query, header, path and form in the document's order.
	Inputs []Input
	// HasBody says that the operation takes a JSON body.
	HasBody bool
	// Errors are the documented errors: the operation's own, then the API's, then the gateway's.
	Errors []Error
	Checks []Check
	Quota  *Quota
	// InvalidCode is the documented error that answers a parameter which breaks the spec, MissingCode the one for
	// an absent parameter; empty where the gateway's own error does.
	InvalidCode string
	MissingCode string
	Evidence    Evidence

	inputs       *openapi3.Schema // an object whose members are Inputs
	body         *openapi3.Schema
	bodyRequired bool
	bodyExample  any
	replies      map[int]*openapi3.Schema // by status; 0 is default
	// asRequest and asReply are how kin-openapi is asked to judge.
	asRequest, asReply []openapi3.SchemaValidationOption
	example            any
	byCode             map[string]*Error
}

// Input is one parameter outside a JSON body.
type Input struct {
	Name        string
	In          string // "query", "header", "path" or "form"
	Required    bool
	Description string
	// InvalidCode is the documented error that answers a bad value of this parameter; empty where the operation's does.
	InvalidCode string
	Evidence    Evidence

	schema  *openapi3.Schema
	isJSON  bool // the text is a JSON document
	example any
}

// Check is one rule that the emulator holds a request to.
type Check struct {
	Name     string
	Rule     string
	Evidence Evidence
}

// Quota is a documented rate limit.
type Quota struct {
	Rate Rate
	// Code is the documented error beyond it.
	Code     string
	Evidence Evidence
}

// Evidence says how sure a fact is and where it comes from.
type Evidence struct {
	Mark   Mark
	Source string
}

// Mark is the kind of evidence.
type Mark string

// The marks, from firm to weak.
const (
	// Page: the provider's own documentation or published metadata says so.
	Page Mark = "page"
	// Captured: a real SDK does so on the wire, or its source shows it.
	Captured Mark = "captured"
	// Observed: a public transcript or log of the real service shows it.
	Observed Mark = "observed"
	// Choice: nothing public says; it is our own choice.
	Choice Mark = "choice"
)

// Member is one value of a request or a reply, those inside JSON documents included.
type Member struct {
	// Name holds the names from outside to inside: "param.product_code", "downlinkMessages[].content".
	Name string
	// In is "query", "header", "path", "form" or "body"; empty in a reply.
	In       string
	Required bool
	// Form is type and limits in words.
	Form        string
	Description string
	// Evidence is the member's own, else that of what holds it.
	Evidence Evidence
	// FormEvidence is that of the form where a parameter gives it apart; usually zero.
	FormEvidence Evidence
}

// Parameters are all that the operation reads, in the document's order.
func (op *Operation) Parameters() []Member {
	var all []Member
	for _, in := range op.Inputs {
		m := Member{
			Name: in.Name, In: in.In, Required: in.Required, Form: form(in.schema), Description: in.Description,
			Evidence: in.Evidence,
		}
		if in.isJSON {
			m.Form = "JSON text: " + m.Form
		}
		if apart := evidenceOf(in.schema); apart != in.Evidence {
			m.FormEvidence = apart
		}
		all = append(append(all, m), m.inside(in.schema)...)
	}
	if op.body == nil {
		return all
	}
	return append(all, Member{In: "body", Evidence: evidenceOf(op.body)}.inside(op.body)...)
}

// Reply is what a success holds. Where a reply is an object in an object, the root that names what it is, the root is
// left out.
func (op *Operation) Reply() []Member {
	return membersOf(cmp.Or(op.replies[http.StatusOK], op.replies[0]))
}

// Refusal is what a refused call is answered with, without its root like Reply.
func (g *Gateway) Refusal() []Member { return membersOf(g.refusal) }

func membersOf(s *openapi3.Schema) []Member {
	if s == nil {
		return nil
	}
	if len(s.Properties) == 1 {
		for _, only := range s.Properties {
			if only.Value.Type.Is(openapi3.TypeObject) {
				s = only.Value
			}
		}
	}
	return Member{Evidence: evidenceOf(s)}.inside(s)
}

// inside lists the members of what m is, required ones first. It stops at maxDepth: schemas can be recursive.
func (m Member) inside(s *openapi3.Schema) []Member {
	if strings.Count(m.Name, ".")+strings.Count(m.Name, "[]") >= maxDepth {
		return nil
	}
	if s.Items != nil {
		m.Name, m.Evidence = m.Name+"[]", cmp.Or(evidenceOf(s.Items.Value), m.Evidence)
		return m.inside(s.Items.Value)
	}
	names := slices.Sorted(mapKeys(s.Properties))
	place := func(name string) int {
		if i := slices.Index(s.Required, name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	var all []Member
	for _, name := range names {
		property := s.Properties[name].Value
		member := Member{
			Name: strings.TrimPrefix(m.Name+"."+name, "."), In: m.In, Required: slices.Contains(s.Required, name),
			Form: form(property), Description: property.Description,
			Evidence: cmp.Or(evidenceOf(property), m.Evidence),
		}
		all = append(append(all, member), member.inside(property)...)
	}
	return all
}

// evidenceOf is the evidence of the schema itself, zero where it has none that can be read.
func evidenceOf(s *openapi3.Schema) Evidence {
	text, _ := s.Extensions["x-evidence"].(string)
	evidence, _ := parseEvidence(text)
	return evidence
}

// form is type and limits of a schema in words: `string, one of "R", "W"`.
func form(s *openapi3.Schema) string {
	parts := nonEmpty(strings.Join(s.Type.Slice(), " or "))
	if s.Items != nil {
		parts = []string{"list of " + strings.Join(s.Items.Value.Type.Slice(), " or ")}
	}
	if s.Nullable {
		parts = append(parts, "or null")
	}
	parts = append(parts, nonEmpty(s.Format)...)
	if len(s.Enum) > 0 {
		var quoted []string
		for _, value := range s.Enum {
			quoted = append(quoted, strconv.Quote(fmt.Sprint(value)))
		}
		parts = append(parts, "one of "+strings.Join(quoted, ", "))
	}
	if s.MinLength > 0 || s.MaxLength != nil {
		parts = append(parts, length(s))
	}
	if s.Min != nil {
		parts = append(parts, "at least "+strconv.FormatFloat(*s.Min, 'f', -1, 64))
	}
	if s.Pattern != "" {
		parts = append(parts, "pattern "+s.Pattern)
	}
	return strings.Join(parts, ", ")
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func length(s *openapi3.Schema) string {
	switch {
	case s.MaxLength == nil && s.MinLength == 1:
		return "not empty"
	case s.MaxLength == nil:
		return fmt.Sprintf("at least %d characters", s.MinLength)
	case s.MinLength == 0:
		return fmt.Sprintf("at most %d characters", *s.MaxLength)
	}
	return fmt.Sprintf("%d to %d characters", s.MinLength, *s.MaxLength)
}
