package contract

import (
	"encoding/json"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// forgive takes out of a decoded JSON value what counts as absent, wherever the schema knows the member: null, and an
// empty text where the member is optional. With numbersAsText it also writes a number as text where the schema has
// nothing but text. Numbers in the value are still json.Number.
func forgive(value any, s *openapi3.Schema, numbersAsText bool) any {
	switch v := value.(type) {
	case json.Number:
		if numbersAsText && s.Type.Is(openapi3.TypeString) {
			return v.String()
		}
	case []any:
		if s.Items == nil {
			return value
		}
		for i, element := range v {
			v[i] = forgive(element, s.Items.Value, numbersAsText)
		}
	case map[string]any:
		forgiveMembers(v, s, numbersAsText)
	}
	return value
}

func forgiveMembers(object map[string]any, s *openapi3.Schema, numbersAsText bool) {
	for _, part := range s.AllOf {
		forgiveMembers(object, part.Value, numbersAsText)
	}
	for name, property := range s.Properties {
		member, sent := object[name]
		switch {
		case !sent:
		case countsAsAbsent(member, property.Value, slices.Contains(s.Required, name)):
			delete(object, name)
		default:
			object[name] = forgive(member, property.Value, numbersAsText)
		}
	}
}

// countsAsAbsent reports whether a member is as good as not sent. A required one that may be null is there with it.
func countsAsAbsent(value any, s *openapi3.Schema, required bool) bool {
	if value == nil {
		return !required || !s.Nullable
	}
	return value == "" && !required
}
