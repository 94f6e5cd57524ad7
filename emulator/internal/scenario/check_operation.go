package scenario

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// operations are those that the rule is about; none when its "on" names nothing, which is reported.
func (c *checker) operations(written *ruleDoc) []*contract.Operation {
	var all, matched []*contract.Operation
	for _, api := range c.catalogue.APIs {
		all = append(all, api.Operations...)
		if written.On == api.Name+".*" {
			matched = api.Operations
		}
	}
	if written.On == "*" {
		return all
	}
	for _, op := range all {
		if op.Name == written.On {
			return []*contract.Operation{op}
		}
	}
	if matched == nil && written.On != "" {
		meant := c.meantOperation(written.On, all)
		c.addMeant(written.of("on"), meant, "no operation is named %s", quote(written.On))
	}
	return matched
}

// meantOperation also finds an operation that was named without its API.
func (c *checker) meantOperation(word string, all []*contract.Operation) string {
	known := []string{"*"}
	for _, api := range c.catalogue.APIs {
		known = append(known, api.Name+".*")
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

// The fields that a condition can look at.
const (
	fieldParams     = "params."
	fieldHeaders    = "headers."
	fieldCredential = "credential"
)

// field holds the name of a condition's field to the parameters of the rule's operations.
func (c *checker) field(name string, at place, ops []*contract.Operation) {
	header, isHeader := strings.CutPrefix(name, fieldHeaders)
	switch {
	case isHeader && !isToken(header):
		c.add(at, "%s names no header", quote(name))
	case isHeader, name == fieldCredential, len(ops) == 0: // what is about no operation was reported already
	default:
		known := fieldsOf(ops)
		if slices.Contains(known, name) {
			return
		}
		c.addMeant(at, meantField(name, known), "%s is no field: a condition looks at params.X, where X is a parameter "+
			"of the operation, at headers.X or at credential", quote(name))
	}
}

// meantField also finds a field that was named without its prefix, or with the wrong one.
func meantField(name string, known []string) string {
	bare := strings.TrimPrefix(name, fieldParams)
	for _, prefix := range []string{fieldParams, fieldHeaders} {
		if slices.Contains(known, prefix+bare) {
			return prefix + bare
		}
	}
	return nearest.Name(name, known)
}

// fieldsOf names what conditions can look at. Members of JSON bodies and parameters stand there with dots between
// their names; the elements of lists have no names and are left out.
func fieldsOf(ops []*contract.Operation) []string {
	known := []string{fieldCredential}
	for _, op := range ops {
		for _, p := range op.Parameters() {
			switch {
			case strings.Contains(p.Name, "[]"):
			case p.In == "header":
				known = append(known, fieldHeaders+p.Name)
			default:
				known = append(known, fieldParams+p.Name)
			}
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// isToken tells whether the text can name a header (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	for _, letter := range text {
		isWord := letter >= '0' && letter <= '9' || letter >= 'A' && letter <= 'Z' || letter >= 'a' && letter <= 'z'
		if !isWord && !strings.ContainsRune("!#$%&'*+-.^_`|~", letter) {
			return false
		}
	}
	return text != ""
}

// framing are the headers that the server itself sets: a script that did would break the connection unseen, which is
// what the faults of the network are for.
func framing(name string) bool {
	return slices.Contains([]string{"Connection", "Content-Length", "Transfer-Encoding", "Trailer", "Upgrade"},
		http.CanonicalHeaderKey(name))
}
