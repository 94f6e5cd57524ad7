package contract

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v6"
	"github.com/getkin/kin-openapi/openapi3"
)

// Sample is a successful reply made from the spec alone: its example, else fake data that fits the schema, the same for
// the same chance. Members that hold a date or a time get now.
func (op *Operation) Sample(chance *rand.Rand, now time.Time) any {
	if op.example != nil {
		return op.example
	}
	f := faker{Faker: NewFaker(chance), now: now}
	return f.value(op.replies[op.Success], "", 0)
}

// NewFaker returns a source of fake data that draws from chance: the same chance gives the same data.
func NewFaker(chance *rand.Rand) *gofakeit.Faker { return gofakeit.NewCustom(source{chance}) }

// source lets gofakeit, which knows math/rand alone, draw from math/rand/v2.
type source struct{ *rand.Rand }

// Int63 is a number of 63 bits.
func (s source) Int63() int64 { return int64(s.Uint64() >> 1) }

// Seed does nothing: the chance was seeded by whoever made it.
func (s source) Seed(int64) {}

type faker struct {
	*gofakeit.Faker
	now time.Time
}

const (
	// maxDepth ends recursive schemas: below it only what is required is filled in.
	maxDepth = 6
	// maxRequiredDepth ends those that require themselves, which no value fits.
	maxRequiredDepth = 2 * maxDepth
	// sentenceWords is how many words an invented sentence has.
	sentenceWords = 6
)

func (f faker) value(s *openapi3.Schema, name string, depth int) any {
	switch {
	case depth > maxRequiredDepth:
		return nil
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[f.Number(0, len(s.Enum)-1)]
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		return f.number(s)
	case s.Type.Is(openapi3.TypeBoolean):
		return f.Bool()
	case s.Type.Is(openapi3.TypeArray):
		return f.array(s, name, depth)
	case s.Type.Is(openapi3.TypeString):
		return f.text(s, name)
	}
	return f.composite(s, name, depth)
}

// number draws from what the schema takes: whole multiples of its step, or anything well between its ends.
func (f faker) number(s *openapi3.Schema) any {
	low, high := bounds(s)
	step := 0.0
	switch {
	case s.MultipleOf != nil:
		step = *s.MultipleOf
	case s.Type.Is(openapi3.TypeInteger):
		step = 1
	default:
		return f.Float64Range(low+(high-low)/4, high-(high-low)/4)
	}
	first, last := math.Ceil(low/step), math.Floor(high/step)
	if s.ExclusiveMin.IsTrue() && first*step == low {
		first++
	}
	if s.ExclusiveMax.IsTrue() && last*step == high {
		last--
	}
	drawn := (first + math.Floor(f.Float64Range(0, 1)*max(last-first+1, 0))) * step
	if s.Type.Is(openapi3.TypeInteger) {
		return int64(drawn)
	}
	return drawn
}

// bounds are the ends of the numbers that a schema takes, a thousand apart where it leaves one open.
func bounds(s *openapi3.Schema) (low, high float64) {
	const span = 1000
	switch {
	case s.Min != nil && s.Max != nil:
		return *s.Min, *s.Max
	case s.Min != nil:
		return *s.Min, *s.Min + span
	case s.Max != nil:
		return *s.Max - span, *s.Max
	}
	return 1, span
}

func (f faker) array(s *openapi3.Schema, name string, depth int) []any {
	n := max(int(s.MinItems), 1)
	if depth >= maxDepth {
		n = int(s.MinItems)
	}
	if s.MaxItems != nil {
		n = min(n, int(*s.MaxItems))
	}
	list := make([]any, n)
	for i := range list {
		list[i] = f.value(s.Items.Value, name, depth+1)
	}
	return list
}

// composite draws what oneOf, anyOf and allOf describe, or an object. Of alternatives the first is taken.
func (f faker) composite(s *openapi3.Schema, name string, depth int) any {
	list := alternatives(s)
	if len(list) == 1 && len(s.Properties)+len(s.Required) == 0 {
		return f.value(list[0].Value, name, depth+1)
	}
	for _, part := range list {
		if kind := part.Value.Type; kind != nil && !kind.Is(openapi3.TypeObject) {
			return f.value(part.Value, name, depth+1)
		}
	}
	whole := &openapi3.Schema{Properties: openapi3.Schemas{}, AdditionalProperties: s.AdditionalProperties}
	mergeMembers(whole, s, 0)
	return f.object(whole, depth)
}

// alternatives are the schemas that a value must fit besides s itself.
func alternatives(s *openapi3.Schema) openapi3.SchemaRefs {
	return slices.Concat(s.OneOf[:min(len(s.OneOf), 1)], s.AnyOf[:min(len(s.AnyOf), 1)], s.AllOf)
}

// mergeMembers adds the members of s and of its parts to whole.
func mergeMembers(whole, s *openapi3.Schema, depth int) {
	if depth > maxDepth {
		return
	}
	maps.Copy(whole.Properties, s.Properties)
	whole.Required = append(whole.Required, s.Required...)
	for _, part := range alternatives(s) {
		mergeMembers(whole, part.Value, depth+1)
	}
}

func (f faker) object(s *openapi3.Schema, depth int) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name].Value
		if !property.WriteOnly && (depth < maxDepth || slices.Contains(s.Required, name)) {
			object[name] = f.value(property, name, depth+1)
		}
	}
	for _, name := range s.Required {
		switch free := s.AdditionalProperties.Schema; {
		case s.Properties[name] != nil:
		case free != nil:
			object[name] = f.value(free.Value, name, depth+1)
		default: // whatever the caller likes
			object[name] = f.named(name)
		}
	}
	return object
}

func (f faker) text(s *openapi3.Schema, name string) string {
	switch s.Format {
	case "date-time":
		return f.now.UTC().Format(time.RFC3339)
	case "date":
		return f.now.UTC().Format(time.DateOnly)
	case "byte":
		return base64.StdEncoding.EncodeToString([]byte(f.Word()))
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
	return f.fitLength(f.named(name), s)
}

// named picks what a member of that name would hold, so that fake replies read well.
func (f faker) named(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.Contains(lower, "name"):
		return f.Name()
	case strings.Contains(lower, "url"), strings.Contains(lower, "endpoint"):
		return f.URL()
	case lower == "ip", strings.HasSuffix(name, "Ip"), strings.HasSuffix(name, "IP"), strings.HasSuffix(lower, "_ip"):
		return f.IPv4Address()
	case strings.Contains(lower, "message"), strings.Contains(lower, "desc"):
		return f.Sentence(sentenceWords)
	case strings.HasSuffix(lower, "id"), strings.Contains(lower, "token"):
		return f.UUID()
	}
	return f.Word()
}

// fitLength brings a text to the length that the schema asks for.
func (f faker) fitLength(text string, s *openapi3.Schema) string {
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
