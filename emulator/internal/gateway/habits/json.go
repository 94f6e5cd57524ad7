package habits

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Spelling is a body in another spelling that means the same.
type Spelling struct {
	// Name says how it is spelt: "without blanks between its parts".
	Name string
	Body []byte
}

// maxRespelt is the longest body that is spelt anew.
const maxRespelt = 256 << 10

// spacing is how a library sets the parts of JSON apart.
type spacing struct{ name, colon, comma, line string }

var spacings = []spacing{
	{name: "", colon: ":", comma: ","},
	{name: "with a blank behind each colon and comma", colon: ": ", comma: ", "},
	{name: "with a blank behind each colon", colon: ": ", comma: ","},
	{name: "in lines indented by two blanks", colon: ": ", comma: ",", line: "  "},
	{name: "in lines indented by four blanks", colon: ": ", comma: ",", line: "    "},
	{name: "in lines indented by tabs", colon: ": ", comma: ",", line: "\t"},
}

// escaping is how a library writes the characters of strings.
type escaping struct {
	name              string
	ascii, html, path bool
}

var escapings = []escaping{
	{name: ""},
	{name: "with \\u escapes for what is not ASCII", ascii: true},
	{name: "with \\u escapes for <, > and &", html: true},
	{name: `with \/ for /`, path: true},
	{name: `with \u escapes for what is not ASCII and \/ for /`, ascii: true, path: true},
}

// JSONSpellings are the spellings of a JSON text that libraries make of the same value; none when it is no JSON, or too
// long. That of the text itself is not among them.
func JSONSpellings(body []byte) []Spelling {
	value, ok := parse(body)
	if !ok {
		return nil
	}
	var all []Spelling
	for _, sorted := range []bool{false, true} {
		for _, blank := range spacings {
			for _, escape := range escapings {
				w := writer{spacing: blank, escaping: escape, sorted: sorted}
				w.value(value, 0)
				name := spellingName(blank.name, escape.name, sorted)
				all = addSpelling(all, name, w.out, body)
				all = addSpelling(all, name+" and with a line end behind it", append(slices.Clone(w.out), '\n'), body)
			}
		}
	}
	return all
}

// addSpelling adds a spelling that is neither known nor the body itself.
func addSpelling(all []Spelling, name string, text, body []byte) []Spelling {
	known := func(s Spelling) bool { return bytes.Equal(s.Body, text) }
	if bytes.Equal(text, body) || slices.ContainsFunc(all, known) {
		return all
	}
	return append(all, Spelling{name, text})
}

func spellingName(blank, escape string, sorted bool) string {
	var parts []string
	for _, part := range []string{blank, escape} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if sorted {
		parts = append(parts, "with its members sorted")
	}
	if blank == "" {
		parts = append([]string{"without blanks between its parts"}, parts...)
	}
	return strings.Join(parts, ", ")
}

// object is a JSON object in the order of its text.
type object []member

type member struct {
	name  string
	value any
}

// parse reads a JSON object or array and keeps the order of members and the spelling of numbers.
func parse(body []byte) (any, bool) {
	if len(body) == 0 || len(body) > maxRespelt || body[0] != '{' && body[0] != '[' {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	value, err := next(d, 0)
	if err != nil {
		return nil, false
	}
	_, err = d.Token()
	return value, errors.Is(err, io.EOF)
}

// maxDepth bounds how deep a value may be nested.
const maxDepth = 200

var errDepth = errors.New("nested too deep")

func next(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return members(d, depth)
	case json.Delim('['):
		return elements(d, depth)
	}
	return token, nil
}

func members(d *json.Decoder, depth int) (any, error) {
	found := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := next(d, depth+1)
		if err != nil {
			return nil, err
		}
		text, _ := name.(string) // the decoder takes nothing else for a name
		found = append(found, member{text, value})
	}
	_, err := d.Token()
	return found, err
}

func elements(d *json.Decoder, depth int) (any, error) {
	found := []any{}
	for d.More() {
		value, err := next(d, depth+1)
		if err != nil {
			return nil, err
		}
		found = append(found, value)
	}
	_, err := d.Token()
	return found, err
}

// writer writes a value in one spelling.
type writer struct {
	spacing
	escaping

	out    []byte
	sorted bool
}

func (w *writer) value(value any, depth int) {
	switch v := value.(type) {
	case object:
		if w.sorted {
			v = slices.Clone(v)
			slices.SortStableFunc(v, func(a, b member) int { return strings.Compare(a.name, b.name) })
		}
		w.list('{', '}', len(v), depth, func(i int) {
			w.text(v[i].name)
			w.out = append(w.out, w.colon...)
			w.value(v[i].value, depth+1)
		})
	case []any:
		w.list('[', ']', len(v), depth, func(i int) { w.value(v[i], depth+1) })
	case string:
		w.text(v)
	case json.Number:
		w.out = append(w.out, v...)
	default: // true, false and null
		raw, _ := json.Marshal(v)
		w.out = append(w.out, raw...)
	}
}

func (w *writer) list(begin, end byte, n, depth int, element func(i int)) {
	w.out = append(w.out, begin)
	for i := range n {
		if i > 0 {
			w.out = append(w.out, w.comma...)
		}
		w.newLine(depth + 1)
		element(i)
	}
	if n > 0 {
		w.newLine(depth)
	}
	w.out = append(w.out, end)
}

func (w *writer) newLine(depth int) {
	if w.line != "" {
		w.out = append(append(w.out, '\n'), strings.Repeat(w.line, depth)...)
	}
}

// short are the escapes of one letter.
var short = map[rune]string{
	'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`,
}

func (w *writer) text(text string) {
	w.out = append(w.out, '"')
	for _, r := range text {
		switch escape := short[r]; {
		case escape != "":
			w.out = append(w.out, escape...)
		case r == '/' && w.path:
			w.out = append(w.out, '\\', '/')
		case r < 0x20, w.ascii && r >= utf8.RuneSelf, w.html && strings.ContainsRune("<>&\u2028\u2029", r):
			w.unicode(r)
		default:
			w.out = utf8.AppendRune(w.out, r)
		}
	}
	w.out = append(w.out, '"')
}

func (w *writer) unicode(r rune) {
	const digits = "0123456789abcdef"
	for _, unit := range utf16.AppendRune(nil, r) {
		w.out = append(w.out, '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
	}
}
