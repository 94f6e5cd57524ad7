package habits

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Charset is a way to turn text into bytes other than those that were sent.
type Charset struct {
	// Says ends a sentence: "The client signed the text " and then this.
	Says string
	// Change turns bytes that were sent into those that were signed; false where that is not possible.
	Change func(string) (string, bool)
}

// Charsets are the ways that clients are known to have. Text in ASCII is the same in each.
func Charsets() []Charset { return charsets }

var charsets = []Charset{
	{"in latin1 (ISO-8859-1), one byte a character, and sent it in UTF-8", lowBytes},
	{"in latin1 (ISO-8859-1), with ? for what that cannot say, and sent it in UTF-8", questionMarks(0xFF)},
	{"in ASCII, with ? for what that cannot say, and sent it in UTF-8", questionMarks(0x7F)},
	{"in GBK and sent it in UTF-8", through(simplifiedchinese.GBK, true)},
	{"in UTF-8 and sent it in GBK", through(simplifiedchinese.GBK, false)},
	{"in UTF-8 twice over: bytes that were UTF-8 already were taken for latin1 (ISO-8859-1)", twice},
}

// special tells whether a text has characters on which character sets differ, in UTF-8.
func special(text string) bool {
	return utf8.ValidString(text) && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// lowBytes keeps the low byte of each UTF-16 unit, as Node's encoding "binary" does, once the default of its hashes.
func lowBytes(text string) (string, bool) {
	if !special(text) {
		return "", false
	}
	var out []byte
	for _, r := range text {
		if r > 0xFFFF { // a pair of units
			r -= 0x10000
			out = append(out, byte(0xD800+r>>10), byte(0xDC00+r&0x3FF))
			continue
		}
		out = append(out, byte(r))
	}
	return string(out), true
}

// questionMarks writes one byte for each character, as Java's and C#'s encoders do.
func questionMarks(last rune) func(string) (string, bool) {
	return func(text string) (string, bool) {
		if !special(text) {
			return "", false
		}
		var out []byte
		for _, r := range text {
			if r > last {
				r = '?'
			}
			out = append(out, byte(r))
		}
		return string(out), true
	}
}

func through(e encoding.Encoding, encode bool) func(string) (string, bool) {
	return func(text string) (string, bool) {
		if encode {
			if !special(text) {
				return "", false
			}
			out, err := e.NewEncoder().String(text)
			return out, err == nil
		}
		if utf8.ValidString(text) {
			return "", false
		}
		out, err := e.NewDecoder().String(text)
		return out, err == nil && !strings.ContainsRune(out, utf8.RuneError)
	}
}

func twice(text string) (string, bool) {
	if !special(text) {
		return "", false
	}
	var out strings.Builder
	for i := range len(text) {
		out.WriteRune(rune(text[i]))
	}
	return out.String(), true
}
