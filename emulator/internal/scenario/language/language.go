// Package language reads scenarios from YAML. It is strict, reports every problem with its line and column, and
// describes the language as a JSON Schema for editors.
package language

import (
	"bytes"
	"reflect"
	"time"
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
	s, _, problems := read(source, catalogue)
	return s, problems
}

// Check reads a scenario as Decode does, and tells more of it to the people who write it: what of a document that can
// be played can never happen, by the real time now, and advice. A document with problems of Decode has no others.
func Check(source []byte, catalogue *contract.Catalogue, now time.Time) (problems, advice scenario.Problems) {
	s, written, problems := read(source, catalogue)
	if len(problems) > 0 {
		return problems, nil
	}
	return reach(s, written, catalogue, now)
}

// read reads a scenario and returns it with the document as it was written; with problems there is neither.
func read(source []byte, catalogue *contract.Catalogue) (*scenario.Scenario, *scenarioDoc, scenario.Problems) {
	r := newReport(source)
	if !checkText(source, r) {
		return nil, nil, r.problems
	}
	root := parse(bytes.TrimPrefix(source, []byte(byteOrderMark)), r)
	if root == nil {
		return nil, nil, r.sorted()
	}
	var written scenarioDoc
	(&decoder{report: r, types: map[reflect.Type]docType{}}).decode(root, &written)
	s := (&checker{report: r, catalogue: catalogue}).scenario(&written)
	if r.found > 0 {
		return nil, nil, r.sorted()
	}
	s.Source = string(source)
	return s, &written, nil
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
