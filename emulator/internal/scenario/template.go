package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	texttemplate "text/template"
	syntax "text/template/parse"
)

// template is a text of a respond step. In actions, {{…}}, it uses the request, the sandbox's clock and its chance.
// The syntax is that of Go's text/template without loops and definitions: a template runs once from top to bottom, so
// its length bounds what it can do.
type template struct {
	plain string
	tree  *syntax.Tree // nil for a text without actions
}

// Bounds of a template.
const (
	maxTemplate = 64 << 10 // bytes of a text with actions
	maxNodes    = 10_000   // pieces of it
	maxOutput   = 1 << 20  // bytes that it writes
	maxValue    = 64 << 10 // bytes that one function returns
	maxWork     = 4 << 20  // bytes that all functions return, call by call
)

const (
	actionMark   = "{{"
	actionEnd    = "}}"
	templateName = "template"
)

// TemplateError is what is wrong with a template, at a place of its text counted from 1.
type TemplateError struct {
	Line, Column int
	Message      string
}

// Error implements error.
func (e *TemplateError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// newTemplate reports what is wrong with a template as a *TemplateError.
func newTemplate(text string) (template, error) {
	if !strings.Contains(text, actionMark) {
		return template{plain: text}, nil
	}
	if len(text) > maxTemplate {
		return template{}, &TemplateError{1, 1, fmt.Sprintf("a template has at most %d bytes", maxTemplate)}
	}
	tree, definitions, err := parseTree(text)
	if err != nil {
		return template{}, syntaxError(text, err)
	}
	w := walker{text: text}
	w.definitions(definitions)
	w.walk(tree.Root)
	if w.err != nil {
		return template{}, w.err
	}
	return template{tree: tree}, nil
}

// parseTree leaves unknown functions to the walker, which knows their places.
func parseTree(text string) (*syntax.Tree, map[string]*syntax.Tree, error) {
	tree := syntax.New(templateName)
	tree.Mode = syntax.SkipFuncCheck
	definitions := map[string]*syntax.Tree{}
	_, err := tree.Parse(text, "", "", definitions)
	return tree, definitions, err
}

// lineColumn turns an offset into line and column.
func lineColumn(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

var (
	parseMessage = regexp.MustCompile(`(?s)^template: template:(\d+): (.*)$`)
	execMessage  = regexp.MustCompile(`(?s)^template: template:(\d+):(\d+): executing "template" at <.*?>: (.*)$`)
)

// syntaxError finds the place of what the parser refused: it names the line alone.
func syntaxError(text string, err error) error {
	m := parseMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return &TemplateError{1, 1, err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	return &TemplateError{line, brokenColumn(text, line), m[2]}
}

// brokenColumn is the column of the first action on the line with which the text up to its end cannot be parsed.
func brokenColumn(text string, line int) int {
	lines := strings.SplitAfter(text, "\n")
	line = min(line, len(lines))
	before := strings.Join(lines[:line-1], "")
	rest, column := lines[line-1], 1
	const tries = 20
	for range tries {
		start := strings.Index(rest, actionMark)
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

// render runs the template.
func (t template) render(e *environment) (string, error) {
	if t.tree == nil {
		return t.plain, nil
	}
	runnable := texttemplate.New(templateName).Option("missingkey=zero").Funcs(e.functions())
	runnable, err := runnable.AddParseTree(templateName, t.tree)
	if err != nil {
		return "", fmt.Errorf("prepare the template: %w", err)
	}
	var out output
	if err := runnable.Execute(&out, e.data()); err != nil {
		return "", runError(err)
	}
	return out.String(), nil
}

func runError(err error) error {
	m := execMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("run the template: %w", err)
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return &TemplateError{line, column + 1, m[3]}
}

// output collects a template's output up to the bound.
type output struct{ strings.Builder }

var errTooLong = errors.New("the output of a template is too long")

func (b *output) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errTooLong
	}
	return b.Builder.Write(p)
}
