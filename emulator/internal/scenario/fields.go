package scenario

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The fields of a call that a condition can name: a parameter or header behind its prefix, or the credential.
const (
	ParameterPrefix = "params."
	HeaderPrefix    = "headers."
	CredentialField = "credential"
)

// CallFields reads the parameters and headers of one call as text, for conditions and templates.
type CallFields struct {
	Call *wire.Call
	// body is the JSON object in the request body. It is decoded when a parameter is first needed before validation.
	body     map[string]any
	bodyRead bool
}

// Header returns the values of a header. The name must be in canonical form (http.CanonicalHeaderKey).
func (f *CallFields) Header(name string) (text string, present bool) {
	if name == "Host" {
		return f.Call.Request.Host, f.Call.Request.Host != ""
	}
	values, ok := f.Call.Request.Header[name]
	return strings.Join(values, ", "), ok
}

// Parameter returns the parameter of that name. If there is none, dots in the name lead to members of a JSON value.
func (f *CallFields) Parameter(name string) (text string, present bool) {
	if text, ok := f.Call.Text[name]; ok {
		return text, true
	}
	if value, ok := f.value(name); ok {
		return Text(value), true
	}
	first, rest, nested := strings.Cut(name, ".")
	if !nested {
		return "", false
	}
	value, ok := f.value(first)
	if !ok {
		value, ok = decodeObject(f.Call.Text[first])
	}
	for ok && rest != "" {
		var members map[string]any
		first, rest, _ = strings.Cut(rest, ".")
		if members, ok = value.(map[string]any); ok {
			value, ok = members[first]
		}
	}
	return Text(value), ok
}

// value finds a validated parameter or, before validation, a member of the JSON body.
func (f *CallFields) value(name string) (any, bool) {
	if f.Call.Params != nil {
		value, ok := f.Call.Params[name]
		return value, ok
	}
	if !f.bodyRead {
		value, _ := decodeObject(string(f.Call.Request.Body))
		f.body, _ = value.(map[string]any)
		f.bodyRead = true
	}
	value, ok := f.body[name]
	return value, ok
}

// decodeObject decodes a text that is a JSON object; it is false for any other text.
func decodeObject(text string) (any, bool) {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
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
