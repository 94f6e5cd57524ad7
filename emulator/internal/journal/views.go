package journal

import (
	"iter"
	"regexp"
	"strconv"
	"strings"
)

// maxViews bounds how many layers of encoding are taken off a text. A parameter in a string to sign of the acs
// gateway's older signature has two.
const maxViews = 3

// escape is one character in the encoding of URLs or of JSON. Control characters are no part of secrets.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\["\\/]`)

// views are what a text says with one, two and three layers of URL and JSON escapes taken off; none when it has no
// escapes. Broken ones stand for themselves.
func views(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for range maxViews {
			if !strings.ContainsAny(text, `%\`) {
				return
			}
			view := escape.ReplaceAllStringFunc(text, unescape)
			if view == text || !yield(view) {
				return
			}
			text = view
		}
	}
}

func unescape(seq string) string {
	digits := strings.TrimPrefix(strings.TrimPrefix(seq, "%"), `\u`)
	code, err := strconv.ParseUint(digits, 16, 32)
	switch {
	case err != nil:
		return seq[1:] // a character behind a backslash
	case seq[0] == '%':
		return string([]byte{byte(code)})
	}
	return string(rune(code))
}
