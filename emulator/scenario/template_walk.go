package scenario

import (
	"fmt"
	syntax "text/template/parse"
)

// walker looks at every piece of a template and keeps the first refusal.
type walker struct {
	text  string
	nodes int
	err   error
}

func (w *walker) refuse(n syntax.Node, message string) {
	if w.err == nil {
		line, column := lineColumn(w.text, int(n.Position()))
		w.err = &TemplateError{line, column, message}
	}
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
		walkAll(w, n.Args)
	case *syntax.ChainNode:
		w.walk(n.Node)
	case *syntax.IfNode:
		w.branch(&n.BranchNode)
	case *syntax.WithNode:
		w.branch(&n.BranchNode)
	case *syntax.IdentifierNode:
		w.function(n)
	case *syntax.RangeNode:
		w.refuse(n, "templates have no loops")
	case *syntax.TemplateNode:
		w.refuse(n, "templates cannot call others")
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

// function refuses what is not in the documented set, Go's own functions included: some of them let a short template
// make a very long text.
func (w *walker) function(n *syntax.IdentifierNode) {
	if !isFunction(n.Ident) {
		w.refuse(n, fmt.Sprintf("function %q is not known", n.Ident))
	}
}
