package contract

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// shape is all that many schemas look at in a reply: the names of its members, and what kind of value each has. What
// was found good once is then good whenever it has the same shape, and need not be validated for each call.
type shape struct {
	schema  *openapi3.Schema
	members []memberShape
}

type memberShape struct {
	name string
	kind valueKind
}

// valueKind tells values apart as a shape does; it is zero for those that no shape has.
type valueKind int

const (
	emptyText valueKind = iota + 1
	textValue
	truthValue
	integerValue
)

func kindOf(value any) valueKind {
	switch v := value.(type) {
	case string:
		if v == "" {
			return emptyText
		}
		return textValue
	case bool:
		return truthValue
	case int, int64:
		return integerValue
	}
	return 0
}

// shapeOf is the shape of a reply, nil for a reply that has other values.
func shapeOf(schema *openapi3.Schema, value any) *shape {
	object, ok := value.(wire.Object)
	if !ok {
		return nil
	}
	s := &shape{schema: schema}
	for _, m := range object {
		kind := kindOf(m.Value)
		if kind == 0 {
			return nil
		}
		s.members = append(s.members, memberShape{m.Name, kind})
	}
	return s
}

// looksAtShapeAlone reports whether the schema of a reply looks at its shape and no further.
func looksAtShapeAlone(schema *openapi3.Schema) bool {
	rest := *schema
	rest.Type, rest.Required, rest.Properties = nil, nil, nil
	if rest.AdditionalProperties.Schema == nil {
		rest.AdditionalProperties.Has = nil // which is about names
	}
	if !rest.IsEmpty() {
		return false
	}
	for _, member := range schema.Properties {
		known := *member.Value
		known.MinLength = max(known.MinLength, 1) - 1 // kinds tell whether a text is empty
		if !saysItsTypeAlone(&known) {
			return false
		}
	}
	return true
}

// fits reports whether a reply has the shape. A shape of nil fits nothing.
func (s *shape) fits(schema *openapi3.Schema, value any) bool {
	object, ok := value.(wire.Object)
	return s != nil && s.schema == schema && ok &&
		slices.EqualFunc(s.members, object, func(known memberShape, m wire.Member) bool {
			return known.name == m.Name && known.kind == kindOf(m.Value)
		})
}
