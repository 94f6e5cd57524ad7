// Package language reads scenarios from YAML. It is strict, reports every problem with its line and column, and
// describes the language as a JSON Schema for editors.
package language

import (
	"bytes"
	"reflect"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// byteOrderMark is what some editors write before UTF-8 text.
const byteOrderMark = "\ufeff"

// NewDecoder returns Decode for one catalogue, with the problems as an error of type scenario.Problems.
func NewDecoder(catalogue *contract.Catalogue) scenario.Decoder {
	return func(source []byte) (*scenario.Scenario, error) {
		s, problems := Decode(source, catalogue)
		if len(problems) > 0 {
			return nil, problems
		}
		return s, nil
	}
}

// Decode reads a scenario from YAML, which includes JSON, and checks it against the catalogue. It returns all problems
// of the document, ordered by line and column; with problems there is no scenario.
func Decode(source []byte, catalogue *contract.Catalogue) (*scenario.Scenario, scenario.Problems) {
	r := &report{}
	if !checkText(source, r) {
		return nil, r.problems
	}
	root := parse(bytes.TrimPrefix(source, []byte(byteOrderMark)), r)
	if root == nil {
		return nil, r.sorted()
	}
	var written scenarioDoc
	(&decoder{report: r, types: map[reflect.Type]docType{}}).decode(root, &written)
	s := (&checker{report: r, catalogue: catalogue}).scenario(&written)
	if len(r.problems) > 0 {
		return nil, r.sorted()
	}
	s.Source = string(source)
	return s, nil
}

// checkText refuses documents that are too long, and those that are not UTF-8: the YAML library would silently replace
// what is not UTF-8.
func checkText(source []byte, r *report) bool {
	if len(source) > maxSource {
		r.add(position{line: 1, column: 1}, "the document has %d bytes, at most %d are read", len(source), maxSource)
		return false
	}
	at := position{line: 1, column: 1}
	for rest := source; len(rest) > 0; {
		letter, size := utf8.DecodeRune(rest)
		if letter == utf8.RuneError && size == 1 {
			r.add(at, "the document is not UTF-8")
			return false
		}
		at.column++
		if letter == '\n' {
			at = position{line: at.line + 1, column: 1}
		}
		rest = rest[size:]
	}
	return true
}
