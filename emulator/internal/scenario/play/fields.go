package play

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// compiledField is a field, split into its kind and its name.
type compiledField struct {
	kind fieldKind
	name string
	// many says that it stands for all elements of a list.
	many bool
}

// fieldKind is what kind of field a condition looks at.
type fieldKind int

const (
	parameterField fieldKind = iota
	headerField
	credentialField
	stateField
	nowField
)

func compileField(field string) compiledField {
	if name, ok := strings.CutPrefix(field, scenario.ParameterPrefix); ok {
		return compiledField{kind: parameterField, name: name, many: strings.Contains(name, "[*]")}
	}
	if name, ok := strings.CutPrefix(field, scenario.HeaderPrefix); ok {
		return compiledField{kind: headerField, name: http.CanonicalHeaderKey(name)}
	}
	if name, ok := strings.CutPrefix(field, scenario.StatePrefix); ok {
		return compiledField{kind: stateField, name: name}
	}
	if field == scenario.NowField {
		return compiledField{kind: nowField}
	}
	return compiledField{kind: credentialField}
}

// compiledCondition is a condition whose field is split into its kind and its name.
type compiledCondition struct {
	*scenario.Condition
	compiledField

	label string // "when params.X", for explanations
	zone  *time.Location
	not   []compiledCondition
	anyOf [][]compiledCondition
	// onState says that the condition, or one inside, looks at a state; plain, that it looks at one field of the call.
	onState, plain bool
}

func compileCondition(c *scenario.Condition) (compiledCondition, error) {
	compiled := compiledCondition{Condition: c, label: "when " + c.Field, compiledField: compileField(c.Field)}
	var err error
	switch {
	case len(c.AnyOf) > 0:
		compiled.label = "when anyOf"
		for _, group := range c.AnyOf {
			list, wrong := compileConditions(group)
			err = errors.Join(err, wrong)
			compiled.anyOf = append(compiled.anyOf, list)
			compiled.onState = compiled.onState || anyOnState(list)
		}
	case c.Field == "":
		compiled.label = "when not"
		compiled.not, err = compileConditions(c.Not)
		compiled.onState = anyOnState(compiled.not)
	case c.Span != nil:
		compiled.zone, err = scenario.Zone(c.Span.Zone)
	case c.Test == nil:
		err = fmt.Errorf("the condition on %s tests nothing", c.Field)
	}
	compiled.onState = compiled.onState || compiled.kind == stateField
	compiled.plain = c.Test != nil && !compiled.onState && !compiled.many
	return compiled, err
}

func compileConditions(all []scenario.Condition) (list []compiledCondition, err error) {
	for i := range all {
		compiled, wrong := compileCondition(&all[i])
		list, err = append(list, compiled), errors.Join(err, wrong)
	}
	return list, err
}

func anyOnState(all []compiledCondition) bool {
	return slices.ContainsFunc(all, func(c compiledCondition) bool { return c.onState })
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

// read returns a field of the call as text.
func (f *fieldReader) read(c *compiledField) (text string, present bool) {
	last := &f.last
	if !last.read || last.kind != c.kind || last.name != c.name {
		last.read, last.kind, last.name = true, c.kind, c.name
		last.text, last.present = f.find(c)
	}
	return last.text, last.present
}

func (f *fieldReader) find(c *compiledField) (text string, present bool) {
	switch c.kind {
	case headerField:
		return f.Header(c.name)
	case credentialField:
		return f.Call.Credential.ID, f.Call.Credential.ID != ""
	case parameterField, stateField, nowField:
	}
	return f.Parameter(c.name)
}

// maxShown is how many bytes of a field an explanation repeats.
const maxShown = 100

// describe returns a field as an explanation repeats it. The id of a bearer token is left out: it is the token itself,
// which is a secret.
func (f *fieldReader) describe(c *compiledField, text string, present bool) string {
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
