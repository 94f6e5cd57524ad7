package play

import (
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// compiledCondition is a condition whose field is split into its kind and its name.
type compiledCondition struct {
	*scenario.Condition
	label string // "when params.X", for explanations
	kind  fieldKind
	name  string
}

// fieldKind is what kind of field a condition looks at.
type fieldKind int

const (
	parameterField fieldKind = iota
	headerField
	credentialField
)

func compileCondition(c *scenario.Condition) compiledCondition {
	compiled := compiledCondition{Condition: c, label: "when " + c.Field}
	if name, ok := strings.CutPrefix(c.Field, scenario.ParameterPrefix); ok {
		compiled.name = name
	} else if name, ok := strings.CutPrefix(c.Field, scenario.HeaderPrefix); ok {
		compiled.kind, compiled.name = headerField, http.CanonicalHeaderKey(name)
	} else if c.Field == scenario.CredentialField {
		compiled.kind = credentialField
	}
	return compiled
}

// fieldReader reads the fields of one call for conditions. It remembers the field that it read last, since rules that
// play together mostly look at the same one.
type fieldReader struct {
	scenario.CallFields
	last struct {
		read    bool
		kind    fieldKind
		name    string
		text    string
		present bool
	}
}

// read returns the field of a condition as text.
func (f *fieldReader) read(c *compiledCondition) (text string, present bool) {
	last := &f.last
	if !last.read || last.kind != c.kind || last.name != c.name {
		last.read, last.kind, last.name = true, c.kind, c.name
		last.text, last.present = f.find(c)
	}
	return last.text, last.present
}

func (f *fieldReader) find(c *compiledCondition) (text string, present bool) {
	switch c.kind {
	case headerField:
		return f.Header(c.name)
	case credentialField:
		return f.Call.Credential.ID, f.Call.Credential.ID != ""
	case parameterField:
	}
	return f.Parameter(c.name)
}

// maxShown is how many bytes of a field an explanation repeats.
const maxShown = 100

// describe returns a field as an explanation repeats it. The id of a bearer token is left out: it is the token itself,
// which is a secret.
func (f *fieldReader) describe(c *compiledCondition, text string, present bool) string {
	switch {
	case !present:
		return "nothing"
	case c.kind == credentialField && f.Call.Credential.Secret:
		return "a bearer token"
	case len(text) > maxShown:
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
