package template

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	syntax "text/template/parse"
)

const (
	actionStart = "{{"
	actionEnd   = "}}"
	// rootName is the name of every template in text/template, whose errors repeat it.
	rootName = "template"
)

// Error is what is wrong with a template, with the position in its text. Line and Column count from 1.
type Error struct {
	Line, Column int
	Message      string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// parseTree parses a text without looking at the names of functions: the checker reports them with their position.
func parseTree(text string) (*syntax.Tree, map[string]*syntax.Tree, error) {
	tree := syntax.New(rootName)
	tree.Mode = syntax.SkipFuncCheck
	definitions := map[string]*syntax.Tree{}
	_, err := tree.Parse(text, "", "", definitions)
	return tree, definitions, err
}

// The errors of text/template have no fields: line, column and message can only be found in the error's text.
var (
	parseMessage = regexp.MustCompile(`(?s)^template: template:(\d+): (.*)$`)
	runMessage   = regexp.MustCompile(`(?s)^template: template:(\d+):(\d+): executing "template" at <.*?>: (.*)$`)
)

// syntaxError turns an error of the parser into an *Error, and finds the column, which the parser does not report.
func syntaxError(text string, err error) error {
	m := parseMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{1, 1, err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	return &Error{line, columnOfError(text, line), m[2]}
}

// columnOfError returns the column of the action at which parsing fails. It parses the text up to and including each
// action of the line in turn; the first such beginning that does not parse ends with the action to report.
func columnOfError(text string, line int) int {
	lines := strings.SplitAfter(text, "\n")
	line = min(line, len(lines))
	before := strings.Join(lines[:line-1], "")
	rest, column := lines[line-1], 1
	const tries = 20 // each costs a parse of all text before it
	for range tries {
		start := strings.Index(rest, actionStart)
		if start < 0 {
			break
		}
		end := strings.Index(rest[start:], actionEnd)
		if end < 0 {
			return column + start
		}
		end += start + len(actionEnd)
		before += rest[:end]
		if _, _, err := parseTree(before); err != nil && !strings.Contains(err.Error(), "unexpected EOF") {
			return column + start
		}
		rest, column = rest[end:], column+end
	}
	return 1
}

// runError turns an error of a running template into an *Error with its position, if the error has one.
func runError(err error) error {
	m := runMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("run the template: %w", err)
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return &Error{line, column + 1, m[3]}
}

// lineAndColumn turns a byte offset into a line and a column.
func lineAndColumn(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
