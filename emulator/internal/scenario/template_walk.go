package scenario

import (
	"fmt"
	"slices"
	"strings"
	syntax "text/template/parse"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// walker looks at every piece of a template and keeps the first refusal.
type walker struct {
	text  string
	nodes int
	// within counts the "with" around a piece: there a field belongs to something else.
	within int
	err    error
}

func (w *walker) refuse(n syntax.Node, message string) {
	if w.err == nil {
		line, column := lineColumn(w.text, int(n.Position()))
		w.err = &TemplateError{line, column, message}
	}
}

// unknown refuses a name and tells the nearest known one.
func (w *walker) unknown(n syntax.Node, what, name string, known []string) {
	w.refuse(n, unknownName(what, name, known))
}

func unknownName(what, name string, known []string) string {
	if meant := nearest.Name(name, known); meant != "" {
		return fmt.Sprintf("%s %q is not known; did you mean %q?", what, name, meant)
	}
	return fmt.Sprintf("%s %q is not known; there are %s", what, name, strings.Join(known, ", "))
}

func (w *walker) walk(n syntax.Node) {
	w.nodes++
	if w.nodes > maxNodes {
		w.refuse(n, "the template is too long")
	}
	if w.err != nil {
		return
	}
	switch n := n.(type) {
	case *syntax.ListNode:
		walkAll(w, n.Nodes)
	case *syntax.ActionNode:
		w.walk(n.Pipe)
	case *syntax.PipeNode:
		walkAll(w, n.Cmds)
	case *syntax.CommandNode:
		w.command(n)
	case *syntax.IfNode:
		w.branch(&n.BranchNode)
	case *syntax.WithNode:
		w.within++
		w.branch(&n.BranchNode)
		w.within--
	default:
		w.leaf(n)
	}
}

// leaf looks at a piece that has no others below it, or must not stand there at all.
func (w *walker) leaf(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.FieldNode:
		if w.within == 0 {
			w.field(n, n.Ident)
		}
	case *syntax.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			w.field(n, n.Ident[1:])
		}
	case *syntax.ChainNode:
		w.refuse(n, "a value in parentheses has no fields")
	case *syntax.RangeNode:
		w.refuse(n, "templates have no loops")
	case *syntax.TemplateNode:
		w.refuse(n, "templates cannot call others")
	}
}

// definitions refuses the first of what the text defines beside itself.
func (w *walker) definitions(trees map[string]*syntax.Tree) {
	var first *syntax.ListNode
	for name, tree := range trees {
		if name != templateName && (first == nil || tree.Root.Pos < first.Pos) {
			first = tree.Root
		}
	}
	if first != nil {
		w.refuse(first, "templates cannot define others")
	}
}

func walkAll[N syntax.Node](w *walker, nodes []N) {
	for _, n := range nodes {
		w.walk(n)
	}
}

func (w *walker) branch(n *syntax.BranchNode) {
	w.walk(n.Pipe)
	w.walk(n.List)
	if n.ElseList != nil {
		w.walk(n.ElseList)
	}
}

// command refuses functions that are not in the documented set, Go's own included: with some of them a short template
// makes a very long text.
func (w *walker) command(n *syntax.CommandNode) {
	if function, ok := n.Args[0].(*syntax.IdentifierNode); ok && function.Ident == "fake" && len(n.Args) > 1 {
		w.fake(n.Args[1])
	}
	for _, arg := range n.Args {
		if name, ok := arg.(*syntax.IdentifierNode); ok && !slices.Contains(functionNames(), name.Ident) {
			w.unknown(name, "function", name.Ident, functionNames())
		}
		w.walk(arg)
	}
}

// fake refuses a kind of data that is written out and not known.
func (w *walker) fake(n syntax.Node) {
	if kind, ok := n.(*syntax.StringNode); ok && !slices.Contains(FakeKinds(), kind.Text) {
		w.unknown(kind, "fake data", kind.Text, FakeKinds())
	}
}

// field refuses what the data of a template does not have.
func (w *walker) field(n syntax.Node, path []string) {
	known := []string{"Request", "Now"}
	if !slices.Contains(known, path[0]) {
		w.unknown(n, "field", path[0], known)
		return
	}
	if path[0] == "Request" && len(path) > 1 {
		known = []string{"Method", "Path", "Params"}
		if !slices.Contains(known, path[1]) {
			w.unknown(n, "field", path[1], known)
			return
		}
		path = path[1:]
	}
	deepest := 1
	if path[0] == "Params" {
		deepest = 2
	}
	if len(path) > deepest {
		w.refuse(n, fmt.Sprintf("%s is a text: it has no field %q", path[deepest-1], path[deepest]))
	}
}
