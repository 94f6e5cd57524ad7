package language

import (
	"cmp"
	"fmt"
	"slices"

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

// report gathers the problems of a document.
type report struct{ problems scenario.Problems }

func (r *report) add(at position, format string, values ...any) {
	r.addMeant(at, "", format, values...)
}

func (r *report) addMeant(at position, meant, format string, values ...any) {
	r.problems = append(r.problems, scenario.Problem{
		Line: max(at.line, 1), Column: max(at.column, 1), Message: fmt.Sprintf(format, values...), Meant: meant,
	})
}

// sorted returns the problems ordered by line and column. A problem that an alias repeats is listed once.
func (r *report) sorted() scenario.Problems {
	slices.SortStableFunc(r.problems, func(a, b scenario.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(r.problems)
}

// quote quotes what was written, and shortens it when it is long.
func quote(text string) string {
	const limit = 60
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
