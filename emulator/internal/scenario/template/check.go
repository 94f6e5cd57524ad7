package template

import (
	"fmt"
	"slices"
	syntax "text/template/parse"
)

// checker walks over the nodes of a template and keeps the first problem that it finds.
type checker struct {
	text  string
	nodes int
	// withDepth counts the "with" actions around a node. Inside one, the dot is not the template's data, so
	// fields are not checked.
	withDepth int
	functions map[string]bool // the names of those that were called
	err       error
}

func (c *checker) node(n syntax.Node) {
	c.nodes++
	if c.nodes > maxNodes {
		c.report(n, "the template is too long")
	}
	if c.err != nil {
		return
	}
	switch n := n.(type) {
	case *syntax.ListNode:
		checkAll(c, n.Nodes)
	case *syntax.ActionNode:
		c.node(n.Pipe)
	case *syntax.PipeNode:
		checkAll(c, n.Cmds)
	case *syntax.CommandNode:
		c.command(n)
	case *syntax.IfNode:
		c.branch(&n.BranchNode)
	case *syntax.WithNode:
		c.withDepth++
		c.branch(&n.BranchNode)
		c.withDepth--
	default:
		c.leaf(n)
	}
}

// leaf checks a node without children, or reports one that templates may not contain.
func (c *checker) leaf(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.FieldNode:
		if c.withDepth == 0 {
			c.field(n, n.Ident)
		}
	case *syntax.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			c.field(n, n.Ident[1:])
		}
	case *syntax.ChainNode:
		c.report(n, "a value in parentheses has no fields")
	case *syntax.RangeNode:
		c.report(n, "templates have no loops")
	case *syntax.TemplateNode:
		c.report(n, "templates cannot call others")
	}
}

// definitions reports the first further template that the text defines.
func (c *checker) definitions(trees map[string]*syntax.Tree) {
	var first *syntax.ListNode
	for name, tree := range trees {
		if name != rootName && (first == nil || tree.Root.Pos < first.Pos) {
			first = tree.Root
		}
	}
	if first != nil {
		c.report(first, "templates cannot define others")
	}
}

func checkAll[N syntax.Node](c *checker, nodes []N) {
	for _, n := range nodes {
		c.node(n)
	}
}

func (c *checker) branch(n *syntax.BranchNode) {
	c.node(n.Pipe)
	c.node(n.List)
	if n.ElseList != nil {
		c.node(n.ElseList)
	}
}

// command reports functions outside the documented set. The set leaves out most functions of text/template, since some
// of them let a short template write a very long text.
func (c *checker) command(n *syntax.CommandNode) {
	if function, ok := n.Args[0].(*syntax.IdentifierNode); ok && function.Ident == "fake" && len(n.Args) > 1 {
		c.fakeKind(n.Args[1])
	}
	for _, arg := range n.Args {
		if name, ok := arg.(*syntax.IdentifierNode); ok {
			c.function(name)
		}
		c.node(arg)
	}
}

// function notes a function that is called, and reports one that templates do not have.
func (c *checker) function(name *syntax.IdentifierNode) {
	c.functions[name.Ident] = true
	if !slices.Contains(functionNames(), name.Ident) {
		c.reportUnknown(name, "function", name.Ident, functionNames())
	}
}

// fakeKind reports an unknown kind of fake data, where the kind is a constant.
func (c *checker) fakeKind(n syntax.Node) {
	if kind, ok := n.(*syntax.StringNode); ok && !slices.Contains(FakeKinds(), kind.Text) {
		c.reportUnknown(kind, "fake data", kind.Text, FakeKinds())
	}
}

// field reports a field that the data of a template does not have.
func (c *checker) field(n syntax.Node, path []string) {
	known := []string{"Request", "Now"}
	if !slices.Contains(known, path[0]) {
		c.reportUnknown(n, "field", path[0], known)
		return
	}
	if path[0] == "Request" && len(path) > 1 {
		known = []string{"Method", "Path", "Params"}
		if !slices.Contains(known, path[1]) {
			c.reportUnknown(n, "field", path[1], known)
			return
		}
		path = path[1:]
	}
	deepest := 1
	if path[0] == "Params" {
		deepest = 2
	}
	if len(path) > deepest {
		c.report(n, fmt.Sprintf("%s is a text: it has no field %q", path[deepest-1], path[deepest]))
	}
}

func (c *checker) report(n syntax.Node, message string) {
	if c.err == nil {
		line, column := lineAndColumn(c.text, int(n.Position()))
		c.err = &Error{line, column, message}
	}
}

func (c *checker) reportUnknown(n syntax.Node, what, name string, known []string) {
	c.report(n, unknownName(what, name, known))
}
