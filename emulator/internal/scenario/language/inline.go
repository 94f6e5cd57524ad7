package language

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// The keys of a reply's body: the text itself, and the file that holds it.
const (
	bodyKey     = "body"
	bodyFileKey = "bodyFile"
)

// Inline puts the files that a document names with bodyFile into it, each as the text of a body, and changes nothing
// else: every line keeps its number. The files are read from the folder of the document. A document without such files
// is returned as it is, and so is one that is not YAML, which Decode reports.
func Inline(source []byte, folder fs.FS) ([]byte, scenario.Problems) {
	if !bytes.Contains(source, []byte(bodyFileKey)) || !utf8.Valid(source) || len(source) > maxSource {
		return source, nil
	}
	text := strings.TrimPrefix(string(source), byteOrderMark)
	found := loadYAML(text, newReport(source))
	if found == nil {
		return source, nil
	}
	in := &inliner{report: newReport(source), text: text, lines: lineStarts(text), folder: folder}
	in.walk(found, 0)
	if in.found == 0 {
		text = in.replaced()
	}
	if len(text) > maxSource {
		in.add(position{line: 1, column: 1}, "the document has %d bytes with the files of its bodies, at most %d are read",
			len(text), maxSource)
	}
	return []byte(text), in.sorted()
}

// inliner puts files into a document.
type inliner struct {
	*report
	text   string
	lines  []int // where each line begins
	folder fs.FS
	edits  []edit
	read   int // bytes of files so far
}

// edit replaces the bytes of the document from begin to end.
type edit struct {
	begin, end int
	text       string
}

// walk looks for bodyFile among the keys of every mapping called respond. Aliases are not followed: what they name was
// seen where it was written.
func (in *inliner) walk(n *yaml.Node, depth int) {
	if depth > maxNesting {
		return // which Decode reports
	}
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			in.walk(child, depth+1)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Value == bodyFileKey && value.Kind == yaml.ScalarNode {
			in.file(key, value)
			continue
		}
		in.walk(value, depth+1)
	}
}

// file replaces the key bodyFile and the name of a file by the key body and the text of the file.
func (in *inliner) file(key, value *yaml.Node) {
	at := positionOf(value)
	keySpan, okKey := in.span(key)
	valueSpan, okValue := in.span(value)
	if !okKey || !okValue {
		in.add(at, "%q must be the name of a file on one line, without an anchor or a tag", bodyFileKey)
		return
	}
	text, err := in.open(value.Value)
	if err != nil {
		in.add(at, "the file %s cannot be put into the body: %v", quote(value.Value), err)
		return
	}
	keySpan.text, valueSpan.text = bodyKey, quotedYAML(text)
	in.edits = append(in.edits, keySpan, valueSpan)
}

// open reads a file beside the document.
func (in *inliner) open(name string) (string, error) {
	name = path.Clean(name) // ./a is a, which io/fs knows alone
	info, err := fs.Stat(in.folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fs.ValidPath(name):
		return "", errors.New("there is no such file beside the scenario")
	case err != nil || !info.Mode().IsRegular():
		return "", errors.New("it must be a file in the folder of the scenario, or below")
	}
	file, err := in.folder.Open(name)
	if err != nil {
		return "", errors.New("it cannot be opened")
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSource+1))
	in.read += len(text)
	switch {
	case err != nil:
		return "", errors.New("it cannot be read")
	case in.read > maxSource:
		return "", fmt.Errorf("the files of a document have at most %d bytes together", maxSource)
	case !utf8.Valid(text):
		return "", errors.New("it is not UTF-8")
	}
	return string(text), nil
}

// span is where a scalar of one line stands in the text.
func (in *inliner) span(n *yaml.Node) (edit, bool) {
	if n.Line < 1 || n.Line > len(in.lines) {
		return edit{}, false
	}
	begin := in.lines[n.Line-1]
	for range n.Column - 1 { // columns count letters
		_, size := utf8.DecodeRuneInString(in.text[begin:])
		begin += size
	}
	length := 0
	switch rest := in.text[begin:]; {
	case strings.HasPrefix(rest, `"`):
		length = quotedLength(rest, '"', '\\')
	case strings.HasPrefix(rest, "'"):
		length = quotedLength(rest, '\'', '\'')
	case n.Value != "" && strings.HasPrefix(rest, n.Value):
		length = len(n.Value)
	}
	return edit{begin: begin, end: begin + length}, length > 0
}

// quotedLength is the length of a quoted text at the beginning of another one; zero for one that does not end on its
// line. Whatever follows the escape character does not end it.
func quotedLength(text string, mark, escape byte) int {
	for i := 1; i < len(text) && text[i] != '\n'; i++ {
		switch {
		case text[i] == escape && i+1 < len(text) && (escape != mark || text[i+1] == mark):
			i++
		case text[i] == mark:
			return i + 1
		}
	}
	return 0
}

// replaced is the text with all edits made.
func (in *inliner) replaced() string {
	slices.SortFunc(in.edits, func(a, b edit) int { return cmp.Compare(a.begin, b.begin) })
	var b strings.Builder
	done := 0
	for _, e := range in.edits {
		b.WriteString(in.text[done:e.begin])
		b.WriteString(e.text)
		done = e.end
	}
	return b.String() + in.text[done:]
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// quotedYAML writes a text in double quotes and on one line, as YAML reads it (1.2, section 5.7).
func quotedYAML(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, letter := range text {
		switch {
		case letter == '"' || letter == '\\':
			b.WriteRune('\\')
			b.WriteRune(letter)
		case letter == '\n':
			b.WriteString(`\n`)
		case letter == '\t':
			b.WriteString(`\t`)
		case letter < ' ' || letter == 0x85 || letter == 0xA0 || !unicode.IsPrint(letter):
			fmt.Fprintf(&b, `\U%08X`, letter)
		default:
			b.WriteRune(letter)
		}
	}
	b.WriteByte('"')
	return b.String()
}
