package scenario

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// What a condition can name: a parameter or header of the call or a state of the scenario behind its prefix, the
// credential of the call, or the time by the sandbox's clock.
const (
	ParameterPrefix = "params."
	HeaderPrefix    = "headers."
	StatePrefix     = "state."
	CredentialField = "credential"
	NowField        = "now"
)

// IsState reports whether a field is a state of the scenario.
func IsState(field string) bool { return strings.HasPrefix(field, StatePrefix) }

// OperationsOn returns the operations that an entry of Rule.On names.
func OperationsOn(on string, catalogue *contract.Catalogue) []*contract.Operation {
	var matched []*contract.Operation
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			if on == AllOperations || on == op.Name || on == api.Name+WholeAPI {
				matched = append(matched, op)
			}
		}
	}
	return matched
}

// CallFields reads the parameters and headers of one call as text, for conditions and templates.
type CallFields struct {
	Call *wire.Call
	// body is the JSON object in the request body. It is decoded when a parameter is first needed before validation.
	body     map[string]any
	bodyRead bool
	// texts are the values inside of parameters that were sent as JSON or as lists, decoded when first needed.
	texts map[string]any
}

// Header returns the values of a header. The name must be in canonical form (http.CanonicalHeaderKey).
func (f *CallFields) Header(name string) (text string, present bool) {
	if name == "Host" {
		return f.Call.Request.Host, f.Call.Request.Host != ""
	}
	values, ok := f.Call.Request.Header[name]
	return strings.Join(values, ", "), ok
}

// Parameter returns the parameter of that name. If there is none, dots in the name lead to members of a JSON value, and
// numbers in brackets to elements of a list, counted from 0. Where the name stands for several, it is the first.
func (f *CallFields) Parameter(name string) (text string, present bool) {
	if text, ok := f.whole(name); ok {
		return text, true
	}
	if all := f.within(name); len(all) > 0 {
		return all[0], true
	}
	return "", false
}

// Parameters returns the parameters of that name: those of all elements of a list where it holds [*], and at most one
// where it does not.
func (f *CallFields) Parameters(name string) []string {
	if text, ok := f.whole(name); ok {
		return []string{text}
	}
	return f.within(name)
}

// whole returns the parameter of exactly that name.
func (f *CallFields) whole(name string) (text string, present bool) {
	if text, ok := f.Call.Text[name]; ok {
		return text, true
	}
	value, ok := f.value(name)
	return Text(value), ok
}

// within returns what a name leads to inside of a parameter.
func (f *CallFields) within(name string) []string {
	first, rest := cutPath(name)
	if rest == "" {
		return nil
	}
	value, ok := f.value(first)
	if !ok {
		value, ok = f.inside(first)
	}
	if !ok {
		return nil
	}
	var found []string
	walk(value, rest, func(value any) { found = append(found, Text(value)) })
	return found
}

// inside returns the value inside of a parameter that was sent as text.
func (f *CallFields) inside(name string) (any, bool) {
	if value, ok := f.texts[name]; ok {
		return value, true
	}
	text, ok := f.Call.Text[name]
	if !ok {
		return nil, false
	}
	if f.texts == nil {
		f.texts = map[string]any{}
	}
	f.texts[name] = parsed(text)
	return f.texts[name], true
}

// cutPath cuts a name behind its first part, before the dot or bracket that follows.
func cutPath(name string) (first, rest string) {
	if i := strings.IndexAny(name, ".["); i > 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

// walk calls found with what a path leads to inside of a value: .name to a member, [n] to an element of a list, [*] to
// each. A text on the way is read as JSON; one that is not, as a list with commas between the elements.
func walk(value any, path string, found func(any)) {
	if path == "" {
		found(value)
		return
	}
	if name, ok := strings.CutPrefix(path, "."); ok {
		name, rest := cutPath(name)
		if members, ok := parsed(value).(map[string]any); ok {
			if member, ok := members[name]; ok {
				walk(member, rest, found)
			}
		}
		return
	}
	index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
	if !ok {
		return
	}
	elements := elementsOf(value)
	if index == "*" {
		for _, element := range elements {
			walk(element, rest, found)
		}
		return
	}
	if n, err := strconv.Atoi(index); err == nil && n >= 0 && n < len(elements) {
		walk(elements[n], rest, found)
	}
}

// parsed is a value that was sent as JSON inside of a text, or the value itself.
func parsed(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	decoded, ok := decodeJSON(text)
	if !ok {
		return value
	}
	return decoded
}

// maxElements is how many elements of a list can be reached.
const maxElements = 1000

func elementsOf(value any) []any {
	switch v := parsed(value).(type) {
	case []any:
		return v[:min(len(v), maxElements)]
	case string:
		parts := strings.SplitN(v, ",", maxElements+1)
		parts = parts[:min(len(parts), maxElements)]
		elements := make([]any, len(parts))
		for i, part := range parts {
			elements[i] = strings.TrimSpace(part)
		}
		return elements
	}
	return nil
}

// value finds a validated parameter or, before validation, a member of the JSON body.
func (f *CallFields) value(name string) (any, bool) {
	if f.Call.Params != nil {
		value, ok := f.Call.Params[name]
		return value, ok
	}
	if !f.bodyRead {
		value, _ := decodeJSON(string(f.Call.Request.Body))
		f.body, _ = value.(map[string]any)
		f.bodyRead = true
	}
	value, ok := f.body[name]
	return value, ok
}

// decodeJSON decodes a text that is a JSON object or list; it is false for any other text.
func decodeJSON(text string) (any, bool) {
	start := strings.TrimLeft(text, " \t\r\n")
	if !strings.HasPrefix(start, "{") && !strings.HasPrefix(start, "[") {
		return nil, false
	}
	value, err := contract.DecodeJSON([]byte(text))
	return value, err == nil
}

// Text is a JSON value as text: numbers without an exponent, objects and arrays as compact JSON, null as the empty
// text.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}
