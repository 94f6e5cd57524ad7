package gateway

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// FormType is the media type of a body whose parameters are written as in a query.
const FormType = "application/x-www-form-urlencoded"

// typeEnds are the characters behind a media type: people write options behind a comma or a blank too.
const typeEnds = ";, \t"

// MediaType is the media type that the headers give the body, in lower case. What follows it, such as a charset, is
// written in many ways by SDKs, not always well formed, and plays no part.
func MediaType(header http.Header) string {
	kind := strings.TrimSpace(header.Get("Content-Type"))
	if end := strings.IndexAny(kind, typeEnds); end >= 0 {
		kind = kind[:end]
	}
	return strings.ToLower(kind)
}

// MediaOption is an option of the body's media type, such as "charset"; empty where there is none. Options beside it
// need not be well formed.
func MediaOption(header http.Header, name string) string {
	kind := header.Get("Content-Type")
	if _, options, err := mime.ParseMediaType(kind); err == nil {
		return options[name]
	}
	for _, option := range strings.FieldsFunc(kind, func(r rune) bool { return strings.ContainsRune(typeEnds, r) }) {
		if key, value, _ := strings.Cut(option, "="); strings.EqualFold(key, name) {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// IsForm reports whether the headers say that the body is a form.
func IsForm(header http.Header) bool { return MediaType(header) == FormType }

// ReadForm calls add for each parameter of a query or form, decoded, in the order in which they came. "&" alone stands
// between them; ";" is text. What cannot be decoded is added as far as it can be, and the fault tells of the first such
// parameter. Whether texts are UTF-8 is judged by Validate: signatures are over bytes.
func ReadForm(text string, unescape func(string) (string, error), add func(name, value string)) error {
	var failure error
	for part, rest, more := "", text, true; more; {
		if part, rest, more = strings.Cut(rest, "&"); part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, badName := unescape(rawName)
		value, badValue := unescape(rawValue)
		if bad := cmp.Or(badName, badValue); bad != nil && failure == nil {
			failure = unreadable(validUTF8(name), bad.Error())
		}
		add(name, value)
	}
	return failure
}

func unreadable(name, why string) error {
	return Refuse(wire.Malformed, checkParameter+name, "The parameter "+name+" cannot be read: "+why+".", name)
}

// Unescape decodes a name or value of a query or form. Of what holds an escape that is none the text comes back as far
// as it can be decoded, beside the error.
func Unescape(text string) (string, error) {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text, nil
	}
	var bad error
	var room [256]byte // most values need less
	out := room[:0]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			out = append(out, fromHex(text[i+1])<<4|fromHex(text[i+2]))
			i += 2
		default:
			if c == '%' && bad == nil {
				bad = badEscape(text[i:])
			}
			out = append(out, c)
		}
	}
	return string(out), bad
}

// badEscape explains a percent sign that begins no escape.
func badEscape(text string) error {
	const length = len("%XX")
	return fmt.Errorf("%q is no escape, and a percent sign itself is written %%25",
		validUTF8(text[:min(length, len(text))]))
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func fromHex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
