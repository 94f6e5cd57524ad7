package contract

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
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
	// FormEvidence is the evidence of type and limits where the schema of a parameter has its own; usually zero.
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
	body := Member{In: "body", Evidence: cmp.Or(evidenceOf(op.body), op.bodyEvidence)}
	return append(all, body.inside(op.body)...)
}

// Reply lists what a success holds. Where the whole reply is one object under one name, its members are listed without
// that name.
func (op *Operation) Reply() []Member {
	return membersOf(op.replies[op.Success], op.replyEvidence)
}

// Refusal lists what a refused call is answered with, in the way of Operation.Reply.
func (g *Gateway) Refusal() []Member { return membersOf(g.refusal, Evidence{}) }

// membersOf lists the members of a reply. The evidence is that of the reply as a whole.
func membersOf(s *openapi3.Schema, evidence Evidence) []Member {
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
	return Member{Evidence: cmp.Or(evidenceOf(s), evidence)}.inside(s)
}

// inside lists the members of the schema of m, required ones first. It stops at maxDepth: schemas can be recursive.
func (m Member) inside(s *openapi3.Schema) []Member {
	if strings.Count(m.Name, ".")+strings.Count(m.Name, "[]") >= maxDepth {
		return nil
	}
	if s.Items != nil {
		m.Name, m.Evidence = m.Name+"[]", cmp.Or(evidenceOf(s.Items.Value), m.Evidence)
		return m.inside(s.Items.Value)
	}
	names := slices.Sorted(maps.Keys(s.Properties))
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

// evidenceOf is the evidence of the schema itself, zero where it has none.
func evidenceOf(s *openapi3.Schema) Evidence { return evidenceIn(s.Extensions) }

// evidenceIn is the evidence among extensions, which were checked when the document was read; zero where there is none.
func evidenceIn(extensions map[string]any) Evidence {
	evidence, _ := parseEvidence(textOf(extensions, evidenceExtension))
	return evidence
}

// form describes type and limits of a schema: `string, one of "R", "W"`.
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
		parts = append(parts, "at least "+decimal(*s.Min))
	}
	if s.Max != nil {
		parts = append(parts, "at most "+decimal(*s.Max))
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
