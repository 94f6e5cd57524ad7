package language

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// node is one value of a document, whatever YAML style it was written in.
type node struct {
	position
	kind    kind
	text    string // of a scalar, as written
	members []member
	items   []*node
}

// member is one key of a mapping and its value.
type member struct {
	position // of the key
	key      string
	value    *node
}

// kind is the kind of a node, as messages name it.
type kind string

const (
	isText    kind = "text"
	isNumber  kind = "a number"
	isBoolean kind = "true or false"
	isNull    kind = "nothing"
	isMapping kind = "a mapping"
	isList    kind = "a list"
	isBroken  kind = "broken" // a problem of it was reported already
)

// parse reads the source as one tree. When it cannot, it reports why and returns nil.
func parse(source []byte, r *report) *node {
	file := parseYAML(string(source), r)
	if file == nil {
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil, doc.Body.Type() == ast.CommentType, doc.Body.Type() == ast.DirectiveType:
		case body != nil:
			r.add(positionOf(doc.Body), "a second document begins here; a file holds one scenario")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		r.add(position{line: 1, column: 1}, "the document is empty; it needs name and rules")
		return nil
	}
	return (&tree{report: r, anchors: map[string]*node{}}).node(body)
}

// parseYAML calls the YAML library. A document on which the library panics is reported like one that it refuses.
func parseYAML(source string, r *report) (file *ast.File) {
	last := position{line: 1, column: 1}
	defer func() {
		if broken := recover(); broken != nil {
			file = nil
			r.add(last, "the document is not YAML")
		}
	}()
	tokens := lexer.Tokenize(source)
	if !checkParserLimits(tokens, r) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file
	}
	message := err.Error()
	if at, ok := errors.AsType[yaml.Error](err); ok {
		last, message = positionOfToken(at.GetToken()), at.GetMessage()
	}
	r.add(last, "the document is not YAML: %s", message)
	return nil
}

// checkParserLimits refuses documents that are too much for the recursive parser. It counts brackets, and dashes within
// one line. Every other level of nesting needs more indentation, so the length of the document bounds it.
func checkParserLimits(tokens token.Tokens, r *report) bool {
	if len(tokens) > maxTokens {
		r.add(positionOfToken(tokens[maxTokens]), "the document has more than %d words and punctuation marks", maxTokens)
		return false
	}
	var brackets, entries, line int
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.TagType, token.AnchorType:
			entries++
		case token.CollectEntryType:
			entries = 0
		default:
		}
		if brackets > maxNesting || entries > maxNesting {
			r.add(positionOfToken(t), "the document is nested more than %d deep", maxNesting)
			return false
		}
	}
	return true
}

// positionOf returns where a node begins. For the library, a mapping without braces begins at its first colon.
func positionOf(n ast.Node) position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return positionOf(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return positionOf(n.Key)
	}
	return positionOfToken(n.GetToken())
}

func positionOfToken(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{line: 1, column: 1}
	}
	return position{line: t.Position.Line, column: t.Position.Column}
}

// tree converts the nodes of the YAML library.
type tree struct {
	*report
	anchors map[string]*node
	depth   int
}

// node converts one value. It never returns nil: what it cannot read is reported and becomes a broken node.
func (t *tree) node(n ast.Node) *node {
	t.depth++
	defer func() { t.depth-- }()
	if n == nil || t.depth > maxNesting {
		return &node{kind: isNull}
	}
	at := positionOf(n)
	switch n := n.(type) {
	case *ast.MappingNode:
		return t.mapping(at, n.Values)
	case *ast.MappingValueNode:
		return t.mapping(at, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		list := &node{position: at, kind: isList}
		for _, item := range n.Values {
			list.items = append(list.items, t.node(item))
		}
		return list
	case *ast.AnchorNode:
		value := t.node(n.Value)
		t.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		return t.alias(at, n.Value.GetToken().Value)
	case *ast.TagNode:
		t.add(at, "tags such as %s have no meaning here", quote(n.GetToken().Value))
		return &node{position: at, kind: isBroken}
	}
	return t.scalar(at, n)
}

func (t *tree) mapping(at position, values []*ast.MappingValueNode) *node {
	m := &node{position: at, kind: isMapping}
	for _, v := range values {
		key := t.key(v.Key)
		m.members = append(m.members, member{key.position, key.text, t.node(v.Value)})
	}
	return m
}

// key converts a key, also one after a question mark.
func (t *tree) key(n ast.Node) *node {
	if explicit, ok := n.(*ast.MappingKeyNode); ok && explicit.Value != nil {
		n = explicit.Value
	}
	return t.scalar(positionOf(n), n)
}

// alias returns the value of an anchor. Aliases share that value, so aliases of aliases take no more memory; the
// decoder bounds how many values it visits. An anchor is known only after its value, so no value can contain itself.
func (t *tree) alias(at position, name string) *node {
	if value, ok := t.anchors[name]; ok {
		return value
	}
	meant := nearest.Name(name, slices.Sorted(maps.Keys(t.anchors)))
	t.addMeant(at, meant, "no anchor %s stands before this alias", quote(name))
	return &node{position: at, kind: isBroken}
}

func (t *tree) scalar(at position, n ast.Node) *node {
	text := n.GetToken().Value
	switch n := n.(type) {
	case *ast.LiteralNode:
		at.indent = indentOf(n)
		return &node{position: at, kind: isText, text: n.Value.Value}
	case *ast.StringNode:
		return &node{position: at, kind: kindOf(n), text: n.Value}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{position: at, kind: isNumber, text: text}
	case *ast.BoolNode:
		return &node{position: at, kind: isBoolean, text: text}
	case *ast.NullNode:
		return &node{position: at, kind: isNull}
	case *ast.MergeKeyNode:
		return &node{position: at, kind: isText, text: "<<"}
	}
	t.add(at, "this value cannot be read: %s", quote(text))
	return &node{position: at, kind: isBroken}
}

// kindOf finds numbers that the library reads as text, such as 1e-3 (YAML 1.2, section 10.3.2).
func kindOf(n *ast.StringNode) kind {
	if n.Token.Type != token.StringType || strings.Trim(n.Value, "0123456789.eE+-") != "" {
		return isText
	}
	if _, err := strconv.ParseFloat(n.Value, 64); err != nil {
		return isText
	}
	return isNumber
}

// indentOf returns how far the lines of a text in block style are indented. It is zero for a folded text, whose lines
// are not those of the document.
func indentOf(n *ast.LiteralNode) int {
	if !strings.HasPrefix(n.Start.Value, "|") {
		return 0
	}
	lines := strings.Split(n.Value.Value, "\n")
	for i, written := range strings.Split(n.Value.GetToken().Origin, "\n") {
		if i < len(lines) && lines[i] != "" {
			return max(0, strings.Index(written, lines[i]))
		}
	}
	return 0
}
