package scenario

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// The bounds of a document. They are far above what a person writes and keep a hostile one cheap.
const (
	maxSource = 256 << 10
	maxRules  = 100
	maxSteps  = 1000
)

// byteOrderMark is what some editors put in front of UTF-8.
const byteOrderMark = "\ufeff"

// Problem is one thing that is wrong in a document, and where.
type Problem struct {
	// Line and Column count from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Meant is the known name nearest to what was written, empty where none is near.
	Meant string `json:"meant,omitempty"`
}

// String says it in one line, with the place first as compilers do.
func (p Problem) String() string {
	text := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
	if p.Meant != "" {
		text += fmt.Sprintf("; did you mean %q?", p.Meant)
	}
	return text
}

// Decode reads a scenario from YAML, of which JSON is a part, and holds it to the catalogue. It reports every problem
// of the document in the order of their places; with problems there is no scenario.
func Decode(source []byte, catalogue *contract.Catalogue) (*Scenario, []Problem) {
	r := &report{}
	if !readable(source, r) {
		return nil, r.problems
	}
	root := parse(bytes.TrimPrefix(source, []byte(byteOrderMark)), r)
	if root == nil {
		return nil, r.sorted()
	}
	var written document
	(&fields{report: r, known: map[reflect.Type]language{}}).decode(root, &written)
	s := (&checker{report: r, catalogue: catalogue}).scenario(&written)
	if len(r.problems) > 0 {
		return nil, r.sorted()
	}
	s.Source = string(source)
	return s, nil
}

// readable refuses bytes that the YAML library would take too long for, or silently replace.
func readable(source []byte, r *report) bool {
	if len(source) > maxSource {
		r.add(place{line: 1, column: 1}, "the document has %d bytes, at most %d are read", len(source), maxSource)
		return false
	}
	at := place{line: 1, column: 1}
	for rest := source; len(rest) > 0; {
		letter, size := utf8.DecodeRune(rest)
		if letter == utf8.RuneError && size == 1 {
			r.add(at, "the document is not UTF-8")
			return false
		}
		at.column++
		if letter == '\n' {
			at = place{line: at.line + 1, column: 1}
		}
		rest = rest[size:]
	}
	return true
}

// place is where something stands in the document.
type place struct {
	line, column int
	// indent is how far a text in block style (|) is indented, below its line; zero for all else.
	indent int
}

// before tells which of two places comes first.
func (p place) before(other place) bool {
	return p.line < other.line || p.line == other.line && p.column < other.column
}

// inside is the place of a line and column of a text that stands here. Only in block style do they follow from those
// of the document.
func (p place) inside(line, column int) place {
	if p.indent == 0 {
		return p
	}
	return place{line: p.line + line, column: p.indent + column}
}

// report gathers the problems of a document.
type report struct{ problems []Problem }

func (r *report) add(at place, format string, values ...any) {
	r.addMeant(at, "", format, values...)
}

func (r *report) addMeant(at place, meant, format string, values ...any) {
	r.problems = append(r.problems, Problem{
		Line: max(at.line, 1), Column: max(at.column, 1), Message: fmt.Sprintf(format, values...), Meant: meant,
	})
}

// sorted puts the problems in order of place. What an alias repeats is told once.
func (r *report) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(r.problems)
}

// quote shows what was written, shortened where it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// Problems are the problems of a document as an error, one a line.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
