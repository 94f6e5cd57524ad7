package language

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// operations returns the operations that a rule is on. It reports an "on" that names none.
func (c *checker) operations(written *ruleDoc) []*contract.Operation {
	var all, matched []*contract.Operation
	for _, api := range c.catalogue.APIs {
		all = append(all, api.Operations...)
		if written.On == api.Name+scenario.WholeAPI {
			matched = api.Operations
		}
	}
	if written.On == scenario.AllOperations {
		return all
	}
	for _, op := range all {
		if op.Name == written.On {
			return []*contract.Operation{op}
		}
	}
	if matched == nil && written.On != "" {
		meant := c.nearestOperation(written.On, all)
		c.addMeant(written.of("on"), meant, "no operation is named %s", quote(written.On))
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
		if op.ID == word || op.Action == word {
			return op.Name
		}
		known = append(known, op.Name)
	}
	if name := nearest.Name(word, known); name != "" {
		return name
	}
	_, id, _ := strings.Cut(word, ".")
	for _, op := range all {
		if strings.EqualFold(op.ID, word) || strings.EqualFold(op.ID, id) {
			return op.Name
		}
	}
	return ""
}

// field checks that a condition names a header, the credential or a parameter of the rule's operations.
func (c *checker) field(name string, at position, ops []*contract.Operation) {
	header, isHeader := strings.CutPrefix(name, scenario.HeaderPrefix)
	switch {
	case isHeader && !isToken(header):
		c.add(at, "%s is not a header name", quote(name))
	case isHeader, name == scenario.CredentialField, len(ops) == 0: // a rule on no operation was reported already
	default:
		known := fieldsOf(ops)
		if slices.Contains(known, name) {
			return
		}
		c.addMeant(at, nearestField(name, known), "%s is not a field: a condition looks at params.X, where X is a parameter "+
			"of the operation, at headers.X or at credential", quote(name))
	}
}

// nearestField returns the field that was most likely meant. It also finds one whose prefix is missing or wrong.
func nearestField(name string, known []string) string {
	bare := strings.TrimPrefix(name, scenario.ParameterPrefix)
	for _, prefix := range []string{scenario.ParameterPrefix, scenario.HeaderPrefix} {
		if slices.Contains(known, prefix+bare) {
			return prefix + bare
		}
	}
	return nearest.Name(name, known)
}

// fieldsOf lists the fields that conditions can look at. The names of members of JSON values are joined with dots;
// elements of lists have no names and are left out.
func fieldsOf(ops []*contract.Operation) []string {
	known := []string{scenario.CredentialField}
	for _, op := range ops {
		for _, p := range op.Parameters() {
			switch {
			case strings.Contains(p.Name, "[]"):
			case p.In == "header":
				known = append(known, scenario.HeaderPrefix+p.Name)
			default:
				known = append(known, scenario.ParameterPrefix+p.Name)
			}
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
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
