package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/getkin/kin-openapi/openapi3"
)

// Sample is a successful reply made from the spec alone: its example, else fake data that fits the schema and comes
// from chance. The time stands in for fields that hold instants.
func (op *Operation) Sample(chance *rand.Rand, now time.Time) any {
	if op.example != nil {
		return op.example
	}
	schema, ok := op.replies[200]
	if !ok {
		schema = op.replies[0]
	}
	f := faker{Faker: gofakeit.NewFaker(chance, false), now: now}
	return f.value(schema, "", 0)
}

type faker struct {
	*gofakeit.Faker
	now time.Time
}

// maxDepth ends recursive schemas: below it only what is required is filled in.
const maxDepth = 6

func (f faker) value(s *openapi3.Schema, name string, depth int) any {
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[f.IntN(len(s.Enum))]
	case len(s.OneOf) > 0:
		return f.value(s.OneOf[0].Value, name, depth)
	case len(s.AnyOf) > 0:
		return f.value(s.AnyOf[0].Value, name, depth)
	case len(s.AllOf) > 0:
		return f.all(s.AllOf, name, depth)
	case s.Type.Is(openapi3.TypeInteger):
		low, high := f.bounds(s)
		return int64(f.Number(int(low), int(high)))
	case s.Type.Is(openapi3.TypeNumber):
		low, high := f.bounds(s)
		return f.Float64Range(low, high)
	case s.Type.Is(openapi3.TypeBoolean):
		return f.Bool()
	case s.Type.Is(openapi3.TypeArray):
		return f.array(s, name, depth)
	case s.Type.Is(openapi3.TypeString):
		return f.text(s, name)
	}
	return f.object(s, depth)
}

// bounds are the least and greatest number that a schema takes; an exclusive end is stepped over.
func (f faker) bounds(s *openapi3.Schema) (low, high float64) {
	const span = 1000
	low, high = 1, span
	switch {
	case s.Min != nil && s.Max != nil:
		low, high = *s.Min, *s.Max
	case s.Min != nil:
		low, high = *s.Min, *s.Min+span
	case s.Max != nil:
		low, high = *s.Max-span, *s.Max
	}
	if s.ExclusiveMin.IsTrue() {
		low++
	}
	if s.ExclusiveMax.IsTrue() {
		high--
	}
	return low, high
}

func (f faker) array(s *openapi3.Schema, name string, depth int) []any {
	n := max(int(s.MinItems), 1)
	if depth >= maxDepth {
		n = int(s.MinItems)
	}
	list := make([]any, n)
	for i := range list {
		list[i] = f.value(s.Items.Value, name, depth+1)
	}
	return list
}

func (f faker) object(s *openapi3.Schema, depth int) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(mapKeys(s.Properties)) {
		if depth < maxDepth || slices.Contains(s.Required, name) {
			object[name] = f.value(s.Properties[name].Value, name, depth+1)
		}
	}
	return object
}

func (f faker) all(parts openapi3.SchemaRefs, name string, depth int) any {
	whole := map[string]any{}
	for _, part := range parts {
		if members, ok := f.value(part.Value, name, depth).(map[string]any); ok {
			maps.Copy(whole, members)
		}
	}
	return whole
}

func (f faker) text(s *openapi3.Schema, name string) string {
	switch s.Format {
	case "date-time":
		return f.now.UTC().Format(time.RFC3339)
	case "date":
		return f.now.UTC().Format(time.DateOnly)
	case "uuid":
		return f.UUID()
	case "uri":
		return f.URL()
	case "email":
		return f.Email()
	case "ipv4":
		return f.IPv4Address()
	case "ipv6":
		return f.IPv6Address()
	}
	if s.Pattern != "" {
		return f.Regex(s.Pattern)
	}
	return f.fit(f.named(name), s)
}

// named picks what a member of that name would hold, so that fake replies read well.
func (f faker) named(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.Contains(lower, "name"):
		return f.Name()
	case strings.Contains(lower, "url"), strings.Contains(lower, "endpoint"):
		return f.URL()
	case strings.Contains(lower, "ip"):
		return f.IPv4Address()
	case strings.Contains(lower, "message"), strings.Contains(lower, "desc"):
		return f.Sentence()
	case strings.HasSuffix(lower, "id"), strings.Contains(lower, "token"):
		return f.UUID()
	}
	return f.Word()
}

// fit brings a text to the length that the schema asks for.
func (f faker) fit(text string, s *openapi3.Schema) string {
	if short := int(s.MinLength) - len(text); short > 0 {
		text += f.LetterN(uint(short))
	}
	if s.MaxLength != nil && len(text) > int(*s.MaxLength) {
		text = text[:*s.MaxLength]
	}
	return text
}

// RequestExample is a request made from the spec's examples: the text parameters by name, and the JSON body if the
// operation has one. Parameters without an example are left out.
func (op *Operation) RequestExample() (text map[string]string, body []byte, err error) {
	text = map[string]string{}
	for _, in := range op.Inputs {
		switch example := in.example.(type) {
		case nil:
		case string:
			text[in.Name] = example
		default:
			raw, err := json.Marshal(example)
			if err != nil {
				return nil, nil, fmt.Errorf("example of %s: %w", in.Name, err)
			}
			text[in.Name] = string(raw)
		}
	}
	if op.bodyExample == nil {
		return text, nil, nil
	}
	body, err = json.Marshal(op.bodyExample)
	return text, body, err
}

// Required names what a request must have: parameters of query, form and path, then members of JSON parameters and of
// the JSON body, one level deep and joined to their parameter by a dot.
func (op *Operation) Required() []string {
	var names []string
	for _, in := range op.Inputs {
		if in.Required && in.In != "header" {
			names = append(names, in.Name)
		}
		if in.isJSON {
			for _, member := range in.schema.Required {
				names = append(names, in.Name+"."+member)
			}
		}
	}
	if op.body != nil {
		names = append(names, op.body.Required...)
	}
	return names
}
