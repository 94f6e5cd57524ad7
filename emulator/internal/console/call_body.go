package console

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// content is a body as people read it, with what was sent beside it.
type content struct {
	journal.Content

	// Kind is how the body is shown: "JSON", "XML", "form", "multipart", or empty for as it was sent.
	Kind   string
	Pretty string   // of JSON and XML
	Fields []field  // of a form
	Parts  []partOf // of a multipart body
	// Broken says that the body is not what its Content-Type promises, and why.
	Broken string
	// Replaced says that the text has characters that stand for bytes which are not UTF-8.
	Replaced bool
}

// partOf is one part of a multipart body.
type partOf struct {
	Headers []field
	Body    string
}

func readContent(c journal.Content, contentType string) content {
	shown := content{Content: c, Replaced: strings.Contains(c.Body, "\uFFFD")}
	kind, params, _ := mime.ParseMediaType(contentType)
	body := strings.TrimSpace(c.Body)
	switch {
	case body == "":
	case kind == "application/x-www-form-urlencoded":
		shown.Kind, shown.Fields = "form", readPairs(body)
	case kind == "multipart/form-data":
		shown.readParts(params["boundary"])
	case strings.HasSuffix(kind, "json"), body[0] == '{', body[0] == '[':
		shown.readAs("JSON", indentJSON)
	case strings.HasSuffix(kind, "xml"), body[0] == '<':
		shown.readAs("XML", indentXML)
	}
	return shown
}

// readAs shows the body indented, or as it was sent where that cannot be.
func (c *content) readAs(kind string, indent func(string) (string, bool)) {
	pretty, ok := indent(c.Body)
	switch {
	case ok:
		c.Kind, c.Pretty = kind, pretty
	case c.BodyTruncated:
		c.Broken = "It is shown as it was sent: only its beginning is kept, which cannot be laid out as " + kind + "."
	default:
		c.Broken = "It is shown as it was sent: it cannot be laid out as " + kind + "."
	}
}

const (
	// maxPretty bounds what an indented body takes, and maxDepth how deep it is nested.
	maxPretty = 1 << 20
	maxDepth  = 100
	// maxParts is how many parts of a multipart body are shown.
	maxParts = 100
)

// indentJSON changes white space alone: numbers, escapes and the order of members stay.
func indentJSON(text string) (string, bool) {
	var out bytes.Buffer
	if depthOf(text) > maxDepth || json.Indent(&out, []byte(text), "", "  ") != nil || out.Len() > maxPretty {
		return "", false
	}
	return strings.TrimSpace(out.String()), true
}

// depthOf is how deep brackets are nested outside of strings.
func depthOf(text string) (deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	return deepest
}

// indentXML puts each element on a line of its own; the pieces themselves stay as they were sent.
func indentXML(text string) (string, bool) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	lines := xmlLines{inline: true}
	for end := int64(0); ; end = decoder.InputOffset() {
		token, err := decoder.Token()
		if err == io.EOF { //nolint:errorlint // the decoder promises the error itself
			return strings.TrimSpace(lines.out.String()), true
		}
		if err != nil || lines.depth > maxDepth || lines.out.Len() > maxPretty {
			return "", false
		}
		lines.put(token, strings.TrimSpace(text[end:decoder.InputOffset()]))
	}
}

// xmlLines is XML as far as it has been put into lines.
type xmlLines struct {
	out    strings.Builder
	depth  int
	inline bool // the next end tag follows on the same line
}

// put adds a piece of XML.
func (l *xmlLines) put(token xml.Token, piece string) {
	switch token.(type) {
	case xml.CharData:
		l.out.WriteString(piece)
	case xml.StartElement:
		l.line(piece)
		l.depth++
		l.inline = true
	case xml.EndElement:
		l.depth--
		if l.inline {
			l.out.WriteString(piece) // nothing for an element that was closed by itself
		} else {
			l.line(piece)
		}
		l.inline = false
	default:
		l.line(piece)
		l.inline = false
	}
}

func (l *xmlLines) line(piece string) {
	l.out.WriteString("\n" + strings.Repeat("  ", l.depth) + piece)
}

// readPairs are the names and values of a query or form, decoded, in the order in which they were sent. What cannot be
// decoded stays as it is.
func readPairs(text string) []field {
	var fields []field
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		fields = append(fields, field{unescaped(name), unescaped(value)})
	}
	return fields
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return strings.ToValidUTF8(plain, "\uFFFD")
	}
	return text
}

func (c *content) readParts(boundary string) {
	reader := multipart.NewReader(strings.NewReader(c.Body), boundary)
	for len(c.Parts) < maxParts {
		part, err := reader.NextRawPart()
		if err != nil {
			if err != io.EOF { //nolint:errorlint // the reader promises the error itself
				c.Broken = "Its parts do not end as they should."
			}
			break
		}
		body, err := io.ReadAll(part)
		if err != nil {
			c.Broken = "Its last part has no end."
		}
		c.Parts = append(c.Parts, partOf{sortedFields(part.Header), string(body)})
	}
	if len(c.Parts) > 0 {
		c.Kind = "multipart"
	}
}
