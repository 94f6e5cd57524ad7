package language

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// operations returns the operations that a rule is on, each once. It reports a name that names none.
func (c *checker) operations(written *ruleDoc) []*contract.Operation {
	var matched []*contract.Operation
	for _, on := range written.On {
		named := scenario.OperationsOn(on, c.catalogue)
		if len(named) == 0 {
			all := scenario.OperationsOn(scenario.AllOperations, c.catalogue)
			meant := ""
			if on != "" {
				meant = c.nearestOperation(on, all)
			}
			c.addMeant(written.of("on"), meant, "no operation is named %s", quote(on))
		}
		for _, op := range named {
			if !slices.Contains(matched, op) {
				matched = append(matched, op)
			}
		}
	}
	return matched
}

// nearestOperation returns the operation that was most likely meant. It also finds one that was named without its API.
func (c *checker) nearestOperation(word string, all []*contract.Operation) string {
	known := []string{scenario.AllOperations}
	for _, api := range c.catalogue.APIs {
		known = append(known, api.Name+scenario.WholeAPI)
	}
	for _, op := range all {
		if op.Action == word {
			return op.Name
		}
		known = append(known, op.Name)
	}
	return nearest.Dotted(word, known)
}

// field checks that a condition names a header, the credential, a state or a parameter of the rule's operations.
func (c *checker) field(name string, at position, ops []*contract.Operation) {
	if scenario.IsState(name) {
		c.stateName(name, at)
		return
	}
	known, ok := c.isField(name, at, ops)
	if !ok {
		known = append(known, "anyOf", "not", scenario.NowField)
		c.addMeant(at, nearestField(name, known), "%s is not a field: a condition looks at params.X, where X is a parameter "+
			"of the operation, at headers.X, at state.X, at credential or at now", quote(name))
	}
}

// isField reports whether the operations have a field of a call, and else the fields that they have.
func (c *checker) isField(name string, at position, ops []*contract.Operation) (known []string, ok bool) {
	header, isHeader := strings.CutPrefix(name, scenario.HeaderPrefix)
	switch {
	case isHeader && !isToken(header):
		c.add(at, "%s is not a header name", quote(name))
	case isHeader, name == scenario.CredentialField:
	case len(ops) == 0 && strings.HasPrefix(name, scenario.ParameterPrefix): // which cannot be told, as was reported
	default:
		known = c.fieldsOf(ops)
		plain := elementPattern.ReplaceAllString(name, "[*]")
		return known, slices.Contains(known, plain) || slices.Contains(known, beforeElement(plain))
	}
	return nil, true
}

// elementPattern is how a name says which element of a list it is about.
var elementPattern = regexp.MustCompile(`\[([0-9]{1,6}|\*)\]`)

// beforeElement is the parameter in which a name reaches for the elements of a list that the spec does not describe:
// such a list can stand inside of a text, or be one with commas. It is empty for a name without elements.
func beforeElement(plain string) string {
	before, after, inList := strings.Cut(plain, "[*]")
	if !inList || strings.ContainsAny(strings.ReplaceAll(after, "[*]", ""), "[]") {
		return ""
	}
	parameter, _, _ := strings.Cut(strings.TrimPrefix(before, scenario.ParameterPrefix), ".")
	return scenario.ParameterPrefix + parameter
}

// maxPers is how many fields the rules of a document can keep cursors for.
const maxPers = 8

// per checks the field for each of whose values a rule keeps cursors.
func (c *checker) per(written *ruleDoc, in *scope) {
	at := written.of("per")
	if written.Per == "" {
		return
	}
	known, ok := c.isField(written.Per, at, in.ops)
	switch {
	case strings.Contains(written.Per, "[*]"):
		c.add(at, "%s stands for many values; name one element, such as [0]", quote(written.Per))
	case !ok:
		meant := nearestField(written.Per, known)
		if scenario.IsState(meant) {
			meant = ""
		}
		c.addMeant(at, meant, "%s is not a field: %q is credential, headers.X or params.X, where X "+
			"is a parameter of the operation", quote(written.Per), "per")
	}
	if c.pers == nil {
		c.pers = map[string]bool{}
	}
	if c.pers[written.Per] = true; len(c.pers) == maxPers+1 {
		c.add(at, "the rules of a scenario keep cursors for at most %d fields", maxPers)
	}
}

var statePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,49}$`)

// stateName checks the name of a state and returns it without its prefix.
func (c *checker) stateName(written string, at position) string {
	name, ok := strings.CutPrefix(written, scenario.StatePrefix)
	switch {
	case !ok && statePattern.MatchString(written):
		c.addMeant(at, scenario.StatePrefix+written, "%s is not a state", quote(written))
	case !ok:
		c.addMeant(at, nearestState(written), "%s is not a state; its name begins with %s", quote(written),
			scenario.StatePrefix)
	case !statePattern.MatchString(name):
		c.add(at, "%s is not a state: its name is a letter, then letters, digits, _ and -, 50 at most", quote(written))
	}
	if c.states == nil {
		c.states = map[string]bool{}
	}
	if !c.states[name] && len(c.states) == maxStates {
		c.add(at, "a scenario has at most %d states", maxStates)
	}
	c.states[name] = true
	return name
}

// nearestState returns the state that was most likely meant by a name whose prefix is wrong; empty where it is none.
func nearestState(name string) string {
	prefix, rest, _ := strings.Cut(name, ".")
	if nearest.Name(prefix, []string{"state"}) != "" && statePattern.MatchString(rest) {
		return scenario.StatePrefix + rest
	}
	return ""
}

// nearestField returns the field that was most likely meant. It also finds one whose prefix is missing or wrong.
func nearestField(name string, known []string) string {
	bare := strings.TrimPrefix(name, scenario.ParameterPrefix)
	for _, prefix := range []string{scenario.ParameterPrefix, scenario.HeaderPrefix} {
		if slices.Contains(known, prefix+bare) {
			return prefix + bare
		}
	}
	if state := nearestState(name); state != "" {
		return state
	}
	first, rest, _ := strings.Cut(name, ".")
	if nearest.Name(first, []string{"headers"}) != "" && isToken(rest) {
		return scenario.HeaderPrefix + rest
	}
	return nearest.Name(name, known)
}

// fieldsOf lists the fields that conditions can look at.
func (c *checker) fieldsOf(ops []*contract.Operation) []string {
	if c.fields == nil {
		c.fields = map[*contract.Operation][]string{}
	}
	known := []string{scenario.CredentialField}
	for _, op := range ops {
		if _, ok := c.fields[op]; !ok {
			c.fields[op] = parametersAsFields(op)
		}
		known = append(known, c.fields[op]...)
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// parametersAsFields lists the fields that an operation has. The names of members of JSON values are joined with dots,
// [*] stands for the elements of a list.
func parametersAsFields(op *contract.Operation) []string {
	var fields []string
	for _, p := range op.Parameters() {
		if p.In == "header" {
			fields = append(fields, scenario.HeaderPrefix+p.Name)
			continue
		}
		fields = append(fields, scenario.ParameterPrefix+strings.ReplaceAll(p.Name, "[]", "[*]"))
	}
	return fields
}

// isToken reports whether the text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	for _, letter := range text {
		isWord := letter >= '0' && letter <= '9' || letter >= 'A' && letter <= 'Z' || letter >= 'a' && letter <= 'z'
		if !isWord && !strings.ContainsRune("!#$%&'*+-.^_`|~", letter) {
			return false
		}
	}
	return text != ""
}

// isServerHeader reports whether the server itself sets the header. A script that set such a header would break the
// connection without a trace in the journal; a network fault is the way to do that.
func isServerHeader(name string) bool {
	return slices.Contains([]string{"Connection", "Content-Length", "Transfer-Encoding", "Trailer", "Upgrade"},
		http.CanonicalHeaderKey(name))
}
