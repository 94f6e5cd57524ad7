package scenario

import (
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// Problem is one thing that is wrong in a document, and where.
type Problem struct {
	// Line and Column count from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Meant is the known name nearest to what was written, empty when none is near.
	Meant string `json:"meant,omitempty"`
}

// String is the problem on one line that begins with its position, as compilers print it.
func (p Problem) String() string {
	return nearest.Ask(fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message), p.Meant)
}

// Problems are the problems of a document as an error.
type Problems []Problem

// Error lists the problems, one per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
