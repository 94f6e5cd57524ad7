package gateway

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// checkBody is what findings call the body by.
const checkBody = "body"

// byteOrderMark begins texts of some editors and of .NET's Encoding.UTF8.
const byteOrderMark = "\xEF\xBB\xBF"

// FormOf is the body of a form as text, or a fault where it is none: compressed, in UTF-16, or behind a byte order
// mark, which would count as part of the first parameter's name.
func FormOf(req *wire.Request) (string, error) {
	if why := notText(req); why != "" {
		return "", badBody(why)
	}
	if bytes.HasPrefix(req.Body, []byte(byteOrderMark)) {
		return "", badBody(markInForm)
	}
	return string(req.Body), nil
}

// JSONOf is a body that is read as JSON, without a byte order mark, or a fault where it is no text in UTF-8.
func JSONOf(req *wire.Request) ([]byte, error) {
	if why := notText(req); why != "" {
		return nil, badBody(why)
	}
	if !utf8.Valid(req.Body) {
		why := notUTF8(string(req.Body))
		if charset := MediaOption(req.Header, "charset"); charset != "" && !strings.EqualFold(charset, "utf-8") {
			why += fmt.Sprintf(", and the charset of its Content-Type, %q, changes nothing", validUTF8(charset))
		}
		return nil, badBody("The body cannot be read: " + why + ".")
	}
	return bytes.TrimPrefix(req.Body, []byte(byteOrderMark)), nil
}

func badBody(why string) error { return Refuse(wire.Malformed, checkBody, why, checkBody) }

const (
	markInForm = "The body begins with a byte order mark (EF BB BF), which would be part of the first parameter's name: " +
		"send the form without it."
	markInJSON = "The body begins with a byte order mark (EF BB BF). It is passed over, as readers of JSON in Java do; " +
		"that the service does is not documented, and RFC 8259 forbids to send it."
)

// notText says why a body cannot be text, empty where it can.
func notText(req *wire.Request) string {
	switch coding := codingOf(req.Header, req.Body); {
	case coding != "":
		return fmt.Sprintf("The body is compressed (%s): the gateway reads it as it came. Send it uncompressed.", coding)
	case isUTF16(req.Body):
		return "The body is in UTF-16: the gateway reads UTF-8."
	}
	return ""
}

// codings are the values of Content-Encoding that change a body. Others, such as "utf-8", are mistakes that do nothing.
var codings = []string{"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"}

// codingOf names the way in which a body is compressed, by how it begins or else by what its headers say of bytes that
// are no text; empty where it is not.
func codingOf(header http.Header, body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\x1F\x8B")):
		return "gzip"
	case bytes.HasPrefix(body, []byte("\x28\xB5\x2F\xFD")):
		return "zstd"
	}
	declared := strings.ToLower(strings.TrimSpace(header.Get("Content-Encoding")))
	if declared == "" || isText(body) {
		return ""
	}
	for coding := range strings.SplitSeq(declared, ",") {
		if slices.Contains(codings, strings.TrimSpace(coding)) {
			return strings.TrimSpace(coding)
		}
	}
	return ""
}

// isText reports whether bytes are UTF-8 without control characters beside blanks and line ends.
func isText(body []byte) bool {
	control := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) }
	return utf8.Valid(body) && !bytes.ContainsFunc(body, control)
}

// isUTF16 reports whether a body begins with the byte order mark of UTF-16, or with a character of ASCII in it.
func isUTF16(body []byte) bool {
	return len(body) > 1 && (body[0] == 0xFF && body[1] == 0xFE || body[0] == 0xFE && body[1] == 0xFF ||
		(body[0] == 0) != (body[1] == 0))
}

// notUTF8 says where a text stops to be UTF-8.
func notUTF8(text string) string {
	for i, r := range text {
		if r != utf8.RuneError || strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			continue
		}
		if !utf8.FullRuneInString(text[i:]) {
			return "its UTF-8 ends in the middle of a character, as when a length is counted in characters and not in bytes"
		}
		return fmt.Sprintf("it is not UTF-8: its byte %d is 0x%02X. Texts are UTF-8 before they are signed and sent; "+
			"GBK, for one, is not", i+1, text[i])
	}
	return "it is UTF-8"
}

// validUTF8 makes text fit for findings, which are UTF-8.
func validUTF8(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// UnreadBody is a sentence, with a blank before it, about a body in which the gateway looks for no parameters since its
// type is none of those; empty where there is no such body.
func UnreadBody(req *wire.Request, types ...string) string {
	kind := MediaType(req.Header)
	if len(req.Body) == 0 || slices.Contains(types, kind) {
		return ""
	}
	return fmt.Sprintf(" The body was not read: its type is %q, and parameters travel in the query or as %s.",
		validUTF8(kind), strings.Join(types, " or as "))
}

// NotUTF8 tells of each parameter whose name or value is not UTF-8, in the order of their names.
func NotUTF8(parameters ...map[string]string) []wire.Finding {
	var findings []wire.Finding
	for _, texts := range parameters {
		for name, value := range texts {
			if utf8.ValidString(name) && utf8.ValidString(value) {
				continue
			}
			bad := value
			if !utf8.ValidString(name) {
				bad = name
			}
			name := validUTF8(name)
			findings = append(findings, wire.Finding{
				Check: checkParameter + name, Level: wire.LevelError, Got: validUTF8(bad),
				Message: "The parameter " + name + " cannot be read: " + notUTF8(bad) + ".",
			})
		}
	}
	slices.SortFunc(findings, func(a, b wire.Finding) int { return strings.Compare(a.Check, b.Check) })
	return findings[:min(len(findings), maxProblems)]
}

// Remarks tell what is odd about the path and the body of a request, whatever becomes of it.
func Remarks(req *wire.Request) []wire.Finding {
	var remarks []wire.Finding
	if path := RoutePath(req.Path); path != req.Path {
		remarks = append(remarks, wire.Finding{
			Check: "path", Level: wire.LevelAdvice, Expected: path, Got: req.Path,
			Message: "The path has a slash too much. It is read without it; that the service does so is not documented.",
		})
	}
	why := notText(req)
	if why == "" && bytes.HasPrefix(req.Body, []byte(byteOrderMark)) {
		why = markInJSON
		if IsForm(req.Header) {
			why = markInForm
		}
	}
	if why != "" {
		remarks = append(remarks, wire.Finding{Check: checkBody, Level: wire.LevelAdvice, Message: why})
	}
	return remarks
}

// RoutePath is the path by which operations are found: slashes in a row count as one, and one at the end as none. What
// is signed is the path as it came.
func RoutePath(path string) string {
	if !strings.Contains(path, "//") && (len(path) < 2 || path[len(path)-1] != '/') {
		return path
	}
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(parts, "/")
}
