package contract

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// fit answers for a schema what nearly every value asks of it: that it fits. It says yes only where kin-openapi finds
// nothing either, and leaves to it every doubt, every keyword beyond the common ones and all explanations, at a tenth
// of the cost. A nil fit and one without a kind are never sure.
type fit struct {
	kind       string
	texts      []string // the values that are allowed; nil allows all
	pattern    *regexp.Regexp
	length     span
	number     [2]float64
	count      span // of items or members
	items      *fit
	members    map[string]*fit
	required   []string
	additional *fit // other members
	open       bool // takes any item, or any other member
}

// span is a least and a greatest number.
type span struct{ least, most int }

func newSpan(least uint64, most *uint64) span {
	s := span{int(min(least, math.MaxInt)), math.MaxInt}
	if most != nil {
		s.most = int(min(*most, math.MaxInt))
	}
	return s
}

func (s span) has(n int) bool { return n >= s.least && n <= s.most }

// hasAll reports whether every number is within.
func (s span) hasAll() bool { return s.least <= 0 && s.most == math.MaxInt }

// fits are those of an operation's schemas, which can be recursive.
type fits map[*openapi3.Schema]*fit

// addFits needs inputs, body and replies.
func (op *Operation) addFits() {
	op.fits = fits{}
	for i := range op.Inputs {
		op.Inputs[i].fit = op.fits.of(op.Inputs[i].schema)
	}
	if op.body != nil {
		op.fits.of(op.body)
	}
	for _, reply := range op.replies {
		op.fits.of(reply)
	}
}

// ofRef is the fit of a schema that stands inside another; nil where there is none.
func (all fits) ofRef(ref *openapi3.SchemaRef) *fit {
	if ref == nil || ref.Value == nil {
		return nil
	}
	return all.of(ref.Value)
}

func (all fits) of(s *openapi3.Schema) *fit {
	if known, ok := all[s]; ok {
		return known
	}
	f := &fit{required: s.Required, length: newSpan(s.MinLength, s.MaxLength)}
	all[s] = f
	if s.Type == nil || len(*s.Type) != 1 || hasMore(s) || !f.addTexts(s) {
		return f
	}
	f.kind, f.number = (*s.Type)[0], [2]float64{math.Inf(-1), math.Inf(1)}
	if s.Min != nil {
		f.number[0] = *s.Min
	}
	if s.Max != nil {
		f.number[1] = *s.Max
	}
	all.addParts(f, s)
	return f
}

// hasMore reports whether the schema has a keyword beyond those that a fit knows: all of those are taken out of a copy,
// and what says nothing of values with them, and then nothing may be left.
func hasMore(s *openapi3.Schema) bool {
	rest := *s
	rest.Type, rest.Enum, rest.Pattern, rest.MinLength, rest.MaxLength, rest.Min, rest.Max = nil, nil, "", 0, nil, nil, nil
	rest.Items, rest.MinItems, rest.MaxItems, rest.MinProps, rest.MaxProps = nil, 0, nil, 0, nil
	rest.Properties, rest.Required, rest.AdditionalProperties = nil, nil, openapi3.AdditionalProperties{}
	rest.Extensions, rest.Origin, rest.Title, rest.Description, rest.Example, rest.Default = nil, nil, "", "", nil, nil
	rest.Nullable = false // a null is left to kin-openapi
	if rest.Format == "int64" && s.Type.Is(openapi3.TypeInteger) {
		rest.Format = "" // every whole number that a fit is sure of is one
	}
	return !reflect.ValueOf(rest).IsZero()
}

// addTexts adds what a schema asks of text, and reports whether that is all of it: lists of other values are left to
// kin-openapi, and so is \u in a pattern, which Go's patterns do not know.
func (f *fit) addTexts(s *openapi3.Schema) bool {
	for _, value := range s.Enum {
		text, ok := value.(string)
		if !ok {
			return false
		}
		f.texts = append(f.texts, text)
	}
	if s.Pattern == "" {
		return true
	}
	pattern, err := regexp.Compile(s.Pattern)
	f.pattern = pattern
	return err == nil && !strings.Contains(s.Pattern, `\u`)
}

// addParts adds what a schema asks of items and members.
func (all fits) addParts(f *fit, s *openapi3.Schema) {
	switch f.kind {
	case openapi3.TypeArray:
		f.count, f.items, f.open = newSpan(s.MinItems, s.MaxItems), all.ofRef(s.Items), s.Items == nil
	case openapi3.TypeObject:
		f.count, f.members = newSpan(s.MinProps, s.MaxProps), make(map[string]*fit, len(s.Properties))
		for name, property := range s.Properties {
			f.members[name] = all.ofRef(property)
		}
		other := s.AdditionalProperties
		f.additional, f.open = all.ofRef(other.Schema), other.Schema == nil && (other.Has == nil || *other.Has)
	}
}

// sure reports whether the value fits without any doubt.
func (f *fit) sure(value any) bool {
	if f == nil {
		return false
	}
	if f.texts != nil && f.kind != openapi3.TypeString {
		return false // no other value is in a list of texts
	}
	switch v := value.(type) {
	case string:
		return f.takesText(v)
	case bool:
		return f.kind == openapi3.TypeBoolean
	case int64:
		return f.takesWhole(v)
	case int:
		return f.takesWhole(int64(v))
	case []any:
		return f.takesItems(v)
	case wire.Object:
		return f.takesObject(v)
	case wire.List:
		return f.takesObject(wire.Object{{Name: v.Item, Value: v.Values}})
	case map[string]any:
		return f.takesMembers(v)
	}
	return false
}

func (f *fit) takesText(text string) bool {
	switch {
	case f.kind != openapi3.TypeString:
		return false
	case f.texts != nil && !slices.Contains(f.texts, text):
		return false
	case f.pattern != nil && !f.pattern.MatchString(text):
		return false
	}
	return f.length.hasAll() || f.length.has(utf8.RuneCountInString(text))
}

// takesWhole is not sure of numbers that a float64 cannot tell from their neighbours.
func (f *fit) takesWhole(n int64) bool {
	const exact = 1 << 53
	return (f.kind == openapi3.TypeInteger || f.kind == openapi3.TypeNumber) && n > -exact && n < exact &&
		float64(n) >= f.number[0] && float64(n) <= f.number[1]
}

func (f *fit) takesItems(items []any) bool {
	if f.kind != openapi3.TypeArray || !f.count.has(len(items)) {
		return false
	}
	for _, item := range items {
		if !f.open && !f.items.sure(item) {
			return false
		}
	}
	return true
}

func (f *fit) takesMembers(members map[string]any) bool {
	if f.kind != openapi3.TypeObject || !f.count.has(len(members)) {
		return false
	}
	for _, name := range f.required {
		if _, ok := members[name]; !ok {
			return false
		}
	}
	for name, value := range members {
		if !f.takesMember(name, value) {
			return false
		}
	}
	return true
}

func (f *fit) takesObject(members wire.Object) bool {
	if f.kind != openapi3.TypeObject || !f.count.has(len(members)) {
		return false
	}
	for _, name := range f.required {
		if !slices.ContainsFunc(members, func(m wire.Member) bool { return m.Name == name }) {
			return false
		}
	}
	for _, m := range members {
		if !f.takesMember(m.Name, m.Value) {
			return false
		}
	}
	return true
}

func (f *fit) takesMember(name string, value any) bool {
	if known, ok := f.members[name]; ok {
		return known.sure(value)
	}
	return f.open || f.additional.sure(value)
}
