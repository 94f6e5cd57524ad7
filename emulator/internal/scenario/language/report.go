package language

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// place is where something stands in the document.
type place struct {
	line, column int
	// indent is how far the lines of a text in block style (|) are indented; zero for all other values.
	indent int
}

// before tells which of two places comes first.
func (p place) before(other place) bool {
	return p.line < other.line || p.line == other.line && p.column < other.column
}

// inside is the place in the document of a line and column of the text that stands here. It is known for texts in block
// style alone; for others it is where the text begins.
func (p place) inside(line, column int) place {
	if p.indent == 0 {
		return p
	}
	return place{line: p.line + line, column: p.indent + column}
}

// report gathers the problems of a document.
type report struct{ problems scenario.Problems }

func (r *report) add(at place, format string, values ...any) {
	r.addMeant(at, "", format, values...)
}

func (r *report) addMeant(at place, meant, format string, values ...any) {
	r.problems = append(r.problems, scenario.Problem{
		Line: max(at.line, 1), Column: max(at.column, 1), Message: fmt.Sprintf(format, values...), Meant: meant,
	})
}

// sorted returns the problems in the order of their places. A problem that an alias repeats is listed once.
func (r *report) sorted() scenario.Problems {
	slices.SortStableFunc(r.problems, func(a, b scenario.Problem) int {
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
