package language

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// position is the line and column of something in the document.
type position struct {
	line, column int
	// indent is how far the lines of a text in block style (|) are indented; zero for all other values.
	indent int
}

// before reports whether p comes before other.
func (p position) before(other position) bool {
	return p.line < other.line || p.line == other.line && p.column < other.column
}

// inside returns the position in the document of a line and column inside the text at p. It is known only for texts in
// block style; for others it is where the text begins.
func (p position) inside(line, column int) position {
	if p.indent == 0 {
		return p
	}
	return position{line: p.line + line, column: p.indent + column}
}

// report gathers the problems of a document, each once and no more than maxProblems of them.
type report struct {
	content  content
	problems scenario.Problems
	known    map[scenario.Problem]bool // those in problems; an alias repeats them
	found    int                       // how often one was found
	lines    int                       // of the document: YAML counts more where it has breaks of other scripts
}

func newReport(source []byte) *report {
	return &report{
		content: content{needs: "name and rules", holds: "one scenario"},
		lines:   1 + bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")),
	}
}

// content is what messages about the whole document say of it: what it needs, and what a file holds.
type content struct{ needs, holds string }

// full reports whether there are as many problems as are told.
func (r *report) full() bool { return len(r.problems) >= maxProblems }

func (r *report) add(at position, format string, values ...any) {
	r.addMeant(at, "", format, values...)
}

// addUnknown adds a problem about a name that is not among those that are known, and suggests the nearest of them.
func (r *report) addUnknown(at position, name string, known []string, format string, values ...any) {
	r.addMeant(at, r.nearest(name, known), format, values...)
}

// nearest is the known name that was most likely meant, while problems are still told: else the search is for nothing.
func (r *report) nearest(name string, known []string) string {
	if r.full() {
		return ""
	}
	return nearest.Name(name, known)
}

func (r *report) addMeant(at position, meant, format string, values ...any) {
	r.found++
	if r.full() {
		return
	}
	problem := scenario.Problem{
		Line: max(min(at.line, r.lines), 1), Column: max(at.column, 1), Message: fmt.Sprintf(format, values...), Meant: meant,
	}
	if r.known[problem] {
		return
	}
	if r.known == nil {
		r.known = map[scenario.Problem]bool{}
	}
	r.known[problem] = true
	r.problems = append(r.problems, problem)
}

// sorted returns the problems ordered by line and column.
func (r *report) sorted() scenario.Problems {
	slices.SortStableFunc(r.problems, func(a, b scenario.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if r.full() {
		last := r.problems[len(r.problems)-1]
		last.Message, last.Meant = fmt.Sprintf("only %d problems are listed; there can be more", maxProblems), ""
		r.problems = append(r.problems, last)
	}
	return r.problems
}

// quote quotes what was written, and shortens it when it is long.
func quote(text string) string {
	const limit = 60
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
