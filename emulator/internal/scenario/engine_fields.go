package scenario

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// condition is a Condition made ready: what it looks at.
type condition struct {
	*Condition
	label string // "when params.X", for explanations
	from  origin
	name  string
}

// origin is where a field is found.
type origin int

const (
	fromParams origin = iota
	fromHeader
	fromCredential
)

func newCondition(c *Condition) condition {
	made := condition{Condition: c, label: "when " + c.Field}
	switch from, name, _ := strings.Cut(c.Field, "."); from {
	case "params":
		made.name = name
	case "headers":
		made.from, made.name = fromHeader, http.CanonicalHeaderKey(name)
	case "credential":
		made.from = fromCredential
	}
	return made
}

// callFields reads a call's fields as text.
type callFields struct {
	call *wire.Call
	// body is the JSON object of the request, read when it is first asked for before validation.
	body     map[string]any
	bodyRead bool
	// last is what was read last: rules that play together mostly look at the same field.
	last struct {
		read    bool
		from    origin
		name    string
		text    string
		present bool
	}
}

func (f *callFields) text(c *condition) (string, bool) {
	last := &f.last
	if !last.read || last.from != c.from || last.name != c.name {
		last.read, last.from, last.name = true, c.from, c.name
		last.text, last.present = f.read(c)
	}
	return last.text, last.present
}

func (f *callFields) read(c *condition) (string, bool) {
	switch c.from {
	case fromHeader:
		return f.header(c.name)
	case fromCredential:
		return f.call.Credential.ID, f.call.Credential.ID != ""
	case fromParams:
	}
	return f.param(c.name)
}

func (f *callFields) header(name string) (string, bool) {
	if name == "Host" {
		return f.call.Request.Host, f.call.Request.Host != ""
	}
	values, ok := f.call.Request.Header[name]
	return strings.Join(values, ", "), ok
}

// param returns a parameter by its name; or, where dots lead into a JSON value, a member inside.
func (f *callFields) param(name string) (string, bool) {
	if text, ok := f.call.Text[name]; ok {
		return text, true
	}
	if value, ok := f.member(name); ok {
		return plain(value), true
	}
	first, rest, nested := strings.Cut(name, ".")
	if !nested {
		return "", false
	}
	value, ok := f.member(first)
	if !ok {
		value, ok = decoded(f.call.Text[first])
	}
	for ok && rest != "" {
		var members map[string]any
		first, rest, _ = strings.Cut(rest, ".")
		if members, ok = value.(map[string]any); ok {
			value, ok = members[first]
		}
	}
	return plain(value), ok
}

// member finds a typed parameter, or before validation a member of the JSON body.
func (f *callFields) member(name string) (any, bool) {
	if f.call.Params != nil {
		value, ok := f.call.Params[name]
		return value, ok
	}
	if !f.bodyRead {
		value, _ := decoded(string(f.call.Request.Body))
		f.body, _ = value.(map[string]any)
		f.bodyRead = true
	}
	value, ok := f.body[name]
	return value, ok
}

func decoded(text string) (any, bool) {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return nil, false
	}
	value, err := contract.DecodeJSON([]byte(text))
	return value, err == nil
}

// plain is a JSON value as text: numbers without an exponent, objects and arrays as compact JSON, null as nothing.
func plain(value any) string {
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

// maxShown bounds what an explanation repeats of a request.
const maxShown = 100

// shown is a field as an explanation repeats it, unless it is a secret.
func (f *callFields) shown(c *condition, text string, present bool) string {
	switch {
	case !present:
		return "nothing"
	case c.from == fromCredential && f.call.Credential.Secret:
		return "a bearer token"
	case len(text) > maxShown:
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
