package language

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
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

// shown is the value as messages repeat it.
func (n *node) shown() string {
	switch n.kind {
	case isText:
		return "the text " + quote(n.text)
	case isNumber, isBoolean:
		return n.text
	default:
		return string(n.kind)
	}
}

// parse reads the source as one tree. When it cannot, it reports why and returns nil.
func parse(source []byte, r *report) *node {
	document := loadYAML(string(source), r)
	if document == nil {
		return nil
	}
	t := tree{report: r, anchors: map[string]*node{}, lines: strings.Split(string(source), "\n")}
	return t.node(document)
}

// loadYAML returns the only document of the source as the YAML library composes it.
func loadYAML(source string, r *report) *yaml.Node {
	var nested bool
	checkDepth := func(depth int, _ *yaml.DepthContext) error {
		if nested = depth > maxNesting; nested {
			return errors.New("it is nested too deep")
		}
		return nil
	}
	limits := loaderlimits.New(loaderlimits.AliasNone(), loaderlimits.DepthFunc(checkDepth))
	loader, err := yaml.NewLoader(strings.NewReader(version.ReplaceAllString(source, "%YAML 1.1")),
		yaml.WithPlugin(limits, laterAliases{}))
	if err != nil {
		r.add(position{line: 1, column: 1}, "the document is not YAML: %v", err)
		return nil
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF), err == nil && isEmpty(&first):
		r.add(position{line: 1, column: 1}, "the document is empty; it needs %s", r.content.needs)
		return nil
	case err != nil:
		r.addLoadError(err, nested, source)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.addLoadError(err, nested, source)
	default:
		r.add(positionOf(valueOf(&second)), "a second document begins here; a file holds %s", r.content.holds)
	}
	return valueOf(&first)
}

// version is the directive of the YAML that scenarios are written in. The library reads YAML 1.2, but takes no other
// number than 1.1.
var version = regexp.MustCompile(`(?m)^%YAML 1\.2\b`)

// valueOf is the value of a document.
func valueOf(document *yaml.Node) *yaml.Node {
	if document.Kind == yaml.DocumentNode && len(document.Content) > 0 {
		return document.Content[0]
	}
	return document
}

// isEmpty reports whether a document holds no value, as one of comments alone.
func isEmpty(document *yaml.Node) bool {
	value := valueOf(document)
	return value.Kind == yaml.DocumentNode || value.Kind == yaml.ScalarNode && value.Value == "" && value.Style == 0
}

// addLoadError reports why the YAML library refuses a document,
// which it can do behind its last line.
func (r *report) addLoadError(err error, nested bool, source string) {
	at, message := position{line: 1, column: 1}, err.Error()
	if refusal, ok := errors.AsType[*yaml.LoadError](err); ok {
		at, message = position{line: refusal.Mark.Line, column: refusal.Mark.Column}, refusal.Message
		if begin := refusal.ContextMark; refusal.ContextMsg != "" && begin.Line > 0 && begin != refusal.Mark {
			message += fmt.Sprintf(" %s that begins at %d:%d", refusal.ContextMsg, begin.Line, begin.Column)
		}
	}
	if lines := strings.Split(source, "\n"); at.line > len(lines) {
		last := lines[len(lines)-1]
		at = position{line: len(lines), column: utf8.RuneCountInString(last) + 1}
	}
	if nested {
		r.addNested(at)
		return
	}
	if column := indentingTab(source, at.line); column > 0 {
		at.column = column
		r.add(at, "a tab cannot indent YAML; put spaces in its place")
		return
	}
	if letterAt(source, at) == '[' {
		message += `; inside of { } a name with [ ] stands in quotes, such as "params.X[0]"`
	}
	r.add(at, "the document is not YAML: %s", message)
}

// letterAt returns the letter at a place of the source, zero where there is none.
func letterAt(source string, at position) rune {
	lines := strings.Split(source, "\n")
	if at.line < 1 || at.line > len(lines) {
		return 0
	}
	letters := []rune(lines[at.line-1])
	if at.column < 1 || at.column > len(letters) {
		return 0
	}
	return letters[at.column-1]
}

// indentingTab returns the column of a tab before the first word of a line; zero where there is none.
func indentingTab(source string, line int) int {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) {
		return 0
	}
	indent := len(lines[line-1]) - len(strings.TrimLeft(lines[line-1], " \t"))
	return strings.IndexByte(lines[line-1][:indent], '\t') + 1
}

func (r *report) addNested(at position) {
	r.add(at, "the document is nested more than %d deep", maxNesting)
}

// laterAliases lets the YAML library compose aliases whatever they name. What they name is known to tree, which reports
// an alias without an anchor with the nearest name.
type laterAliases struct{}

//nolint:ireturn // the library asks for it
func (laterAliases) NewAliasDataContext(yaml.AliasDataServices) (yaml.AliasDataContext, error) {
	return laterAliases{}, nil
}

func (laterAliases) BeginDocument() error                  { return nil }
func (laterAliases) DefineAnchor(string, *yaml.Node) error { return nil }
func (laterAliases) EndDocument() error                    { return nil }

func (laterAliases) ResolveAlias(string) (*yaml.Node, bool, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, true, nil
}

// positionOf returns where a node begins.
func positionOf(n *yaml.Node) position { return position{line: n.Line, column: n.Column} }

// tree converts the nodes of the YAML library.
type tree struct {
	*report
	anchors map[string]*node
	lines   []string // of the document
	depth   int
}

// node converts one value. It never returns nil: what it cannot read is reported and becomes a broken node.
func (t *tree) node(n *yaml.Node) *node {
	t.depth++
	defer func() { t.depth-- }()
	at := positionOf(n)
	if t.depth > maxNesting {
		t.addNested(at)
		return &node{position: at, kind: isBroken}
	}
	if n.Kind == yaml.AliasNode {
		return t.alias(at, n.Value)
	}
	value := t.value(at, n)
	if n.Anchor != "" {
		t.anchors[n.Anchor] = value
	}
	return value
}

// value converts what is no alias.
func (t *tree) value(at position, n *yaml.Node) *node {
	if n.Style&yaml.TaggedStyle != 0 {
		t.add(at, "tags such as %s have no meaning here", quote(n.Tag))
		return &node{position: at, kind: isBroken}
	}
	switch n.Kind {
	case yaml.MappingNode:
		mapping := &node{position: at, kind: isMapping}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := t.node(n.Content[i]), t.node(n.Content[i+1])
			if key.kind == isMapping || key.kind == isList {
				t.add(key.position, "%s cannot be a key", key.kind)
				continue
			}
			mapping.members = append(mapping.members, member{key.position, key.text, value})
		}
		return mapping
	case yaml.SequenceNode:
		list := &node{position: at, kind: isList}
		for _, item := range n.Content {
			list.items = append(list.items, t.node(item))
		}
		return list
	default:
		return t.scalar(at, n)
	}
}

// alias returns the value of an anchor. Aliases share that value, so aliases of aliases take no more memory; the
// decoder bounds how many values it visits. An anchor is known only after its value, so no value can contain itself.
func (t *tree) alias(at position, name string) *node {
	if value, ok := t.anchors[name]; ok {
		return value
	}
	t.addUnknown(at, name, slices.Sorted(maps.Keys(t.anchors)), "no anchor %s stands before this alias", quote(name))
	return &node{position: at, kind: isBroken}
}

func (t *tree) scalar(at position, n *yaml.Node) *node {
	at.indent = t.indentOf(n)
	return &node{position: at, kind: kindOf(n), text: n.Value}
}

// kindOf is how a scalar reads without quotes (YAML 1.2, section 10.3.2).
func kindOf(n *yaml.Node) kind {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return isNumber
	case "!!bool":
		return isBoolean
	case "!!null":
		return isNull
	}
	return isText
}

// indentOf returns how far the lines of a text in block style (|) are indented. It is zero for all other values, folded
// texts (>) too, whose lines are not those of the document.
func (t *tree) indentOf(n *yaml.Node) int {
	if n.Style&yaml.LiteralStyle == 0 || n.Line > len(t.lines) {
		return 0
	}
	below := t.lines[n.Line:] // the lines of the text, if it begins in the line of the node
	for i, line := range strings.Split(n.Value, "\n") {
		if line != "" && i < len(below) {
			return max(0, strings.Index(below[i], line))
		}
	}
	return 0
}
