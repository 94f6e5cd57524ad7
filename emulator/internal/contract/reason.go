package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// reasonOf tells what a value that breaks its schema must be, so that it ends a sentence that begins with the value's
// name.
func reasonOf(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return "is required and is absent"
	case "nullable":
		return "must not be null"
	case "type":
		return "must be " + typesOf(s)
	case "enum":
		return "must be " + oneOf(s.Enum)
	case "format":
		return "must have the form of " + s.Format
	case "pattern":
		return "must match the pattern " + s.Pattern
	case "uniqueItems":
		return "must not have an item twice"
	}
	if bound, ok := boundOf(e.SchemaField, s); ok {
		return bound
	}
	return "does not fit its description: " + e.Reason
}

// boundOf words the bounds of numbers, texts and lists.
func boundOf(field string, s *openapi3.Schema) (text string, ok bool) {
	switch field {
	case "minimum":
		return "must be at least " + decimal(*s.Min), true
	case "maximum":
		return "must be at most " + decimal(*s.Max), true
	case "minLength":
		return "must have at least " + counted(s.MinLength, "character"), true
	case "maxLength":
		return "must have at most " + counted(*s.MaxLength, "character"), true
	case "minItems":
		return "must have at least " + counted(s.MinItems, "item"), true
	case "maxItems":
		return "must have at most " + counted(*s.MaxItems, "item"), true
	case "multipleOf":
		return "must be a multiple of " + decimal(*s.MultipleOf), true
	}
	return "", false
}

// decimal is a number without an exponent.
func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// typesOf are the types of a schema in words.
func typesOf(s *openapi3.Schema) string {
	words := map[string]string{
		openapi3.TypeString: "a string", openapi3.TypeInteger: "an integer", openapi3.TypeNumber: "a number",
		openapi3.TypeBoolean: "true or false", openapi3.TypeObject: "an object", openapi3.TypeArray: "a list",
		openapi3.TypeNull: "null",
	}
	var all []string
	for _, name := range s.Type.Slice() {
		all = append(all, words[name])
	}
	return strings.Join(all, " or ")
}

// oneOf are the values of an enumeration in words.
func oneOf(values []any) string {
	var all []string
	for _, value := range values {
		text := fmt.Sprint(value)
		if s, isText := value.(string); isText {
			text = strconv.Quote(s)
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return "one of " + strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
