// Package template runs the texts of scripted replies. In actions, {{…}}, a text can use the request, the sandbox's
// clock and the chance of the call. The syntax is that of Go's text/template without loops and definitions: a template
// runs once from top to bottom, so its length bounds what it can do.
package template

import (
	"errors"
	"fmt"
	"strings"
	texttemplate "text/template"
	syntax "text/template/parse"
)

// Template is a text that was parsed and checked.
type Template struct {
	plain string
	tree  *syntax.Tree // nil for a text without actions
	// functions are the names of those that it calls.
	functions map[string]bool
}

// Parse reads a template. If something is wrong with it, the error is an *Error.
func Parse(text string) (Template, error) {
	if !strings.Contains(text, actionStart) {
		return Template{plain: text}, nil
	}
	if len(text) > maxTemplate {
		return Template{}, &Error{1, 1, fmt.Sprintf("a template has at most %d bytes", maxTemplate)}
	}
	tree, definitions, err := parseTree(text)
	if err != nil {
		return Template{}, syntaxError(text, err)
	}
	c := checker{text: text, functions: map[string]bool{}}
	c.definitions(definitions)
	c.node(tree.Root)
	if c.err != nil {
		return Template{}, c.err
	}
	return Template{tree: tree, functions: c.functions}, nil
}

// HasActions tells whether the text of the template can depend on the call.
func (t Template) HasActions() bool { return t.tree != nil }

// Uses tells whether the template calls a function.
func (t Template) Uses(function string) bool { return t.functions[function] }

// Render runs the template. The error is an *Error if it has a position in the text.
func (t Template) Render(e *Environment) (string, error) {
	if t.tree == nil {
		return t.plain, nil
	}
	runnable := texttemplate.New(rootName).Option("missingkey=zero").Funcs(e.functions())
	runnable, err := runnable.AddParseTree(rootName, t.tree)
	if err != nil {
		return "", fmt.Errorf("prepare the template: %w", err)
	}
	var out output
	if err := runnable.Execute(&out, e.data()); err != nil {
		return "", runError(err)
	}
	return out.String(), nil
}

// output collects what a template writes, up to maxOutput.
type output struct{ strings.Builder }

var errLongOutput = errors.New("the output of a template is too long")

func (b *output) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errLongOutput
	}
	return b.Builder.Write(p)
}
