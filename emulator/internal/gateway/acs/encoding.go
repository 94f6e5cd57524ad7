package acs

import (
	"fmt"
	"strings"
)

// encoding is how a client encodes what it signs; the zero value is the right way, RFC 3986.
type encoding struct {
	plus  bool   // blanks become +
	tilde bool   // ~ becomes %7E
	lower bool   // escapes are in lower case
	bare  string // characters that stay as they are, though they should not
}

// knownEncoding is an encoding that a function has which people use for it. Two habits that show together are told by
// that function's name.
type knownEncoding struct {
	encoding

	function string
}

var knownEncodings = []knownEncoding{
	{encoding: encoding{plus: true}},
	{encoding: encoding{bare: "*"}},
	{encoding: encoding{tilde: true}},
	{encoding: encoding{bare: "!'()"}},
	{encoding: encoding{bare: "/"}},
	{encoding: encoding{lower: true}},
	{encoding: encoding{bare: ":"}},
	{encoding: encoding{bare: ","}},
	{encoding{bare: "!*'()"}, "encodeURIComponent of JavaScript"},
	{encoding{plus: true, bare: "*", tilde: true}, "form encoding (URLEncoder of Java)"},
	{encoding{plus: true, tilde: true}, "urlencode of PHP"},
	{encoding{plus: true, bare: "!*()", tilde: true, lower: true}, "HttpUtility.UrlEncode of C#"},
	{encoding{plus: true, bare: "!*()", lower: true}, "HttpUtility.UrlEncode of C#"},
	{encoding{plus: true, bare: "!*()", tilde: true}, "WebUtility.UrlEncode of C#"},
	{encoding{bare: "/", tilde: true}, "quote of Python 2"},
	{encoding{bare: "@*/+", tilde: true}, "escape of JavaScript"},
	{encoding{bare: "$&+:=@"}, "url.PathEscape of Go"},
	{encoding{bare: ";,/?:@&=+$#!*'()"}, "encodeURI of JavaScript"},
	{encoding{bare: ";,/?:@&=+$!*'()"}, "addingPercentEncoding(.urlQueryAllowed) of Swift"},
}

func (e encoding) with(other encoding) encoding {
	return encoding{
		plus: e.plus || other.plus, tilde: e.tilde || other.tilde, lower: e.lower || other.lower, bare: e.bare + other.bare,
	}
}

// append appends text in the encoding.
func (e encoding) append(dst []byte, text string) []byte {
	digits := upperHex
	if e.lower {
		digits = lowerHex
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case e.plus && c == ' ':
			dst = append(dst, '+')
		case unreserved(c) && (c != '~' || !e.tilde), strings.IndexByte(e.bare, c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// over is the part of the encoding that changes something in a text with those characters.
func (e encoding) over(characters *[256]bool) encoding {
	var left encoding
	left.plus, left.tilde = e.plus && characters[' '], e.tilde && characters['~']
	for c := range characters {
		switch at := strings.IndexByte(e.bare, byte(c)); {
		case !characters[c] || unreserved(byte(c)):
		case at >= 0:
			left.bare += string(rune(c))
		case hasLetter(byte(c)):
			left.lower = e.lower
		}
	}
	left.lower = left.lower || e.lower && left.tilde
	return left
}

// hasLetter reports whether the escape of a character has a letter among its digits; that of a blank has none.
func hasLetter(c byte) bool { return c>>4 > 9 || c&15 > 9 }

// habits counts what is wrong with the encoding.
func (e encoding) habits() int {
	n := 0
	for _, has := range []bool{e.plus, e.tilde, e.lower, e.bare != ""} {
		if has {
			n++
		}
	}
	return n
}

// says tells what of the encoding differs from the right one. It must be what over left of it.
func (e encoding) says(function string) string {
	var parts []string
	if e.plus {
		parts = append(parts, "blanks as + (the server expects %20)")
	}
	if e.bare != "" {
		var escapes []string
		for _, c := range []byte(e.bare) {
			escapes = append(escapes, fmt.Sprintf("%%%02X", c))
		}
		parts = append(parts, fmt.Sprintf("a bare %s (the server expects %s)",
			inWords(strings.Split(e.bare, "")), inWords(escapes)))
	}
	if e.tilde {
		parts = append(parts, "~ as %7E (the server expects it bare)")
	}
	if e.lower {
		parts = append(parts, "lower-case escapes (the server expects upper case, as in %2F)")
	}
	text := "The client signed " + inWords(parts)
	if function != "" && e.habits() > 1 {
		text += ", as " + function + " does"
	}
	return text + "."
}

// inWords joins words as a sentence does: "a, b and c".
func inWords(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// wrongEncodings are the known encodings, and pairs of single habits, that change something in a text with those
// characters, each once.
func wrongEncodings(characters *[256]bool) []knownEncoding {
	var all []knownEncoding
	seen := map[encoding]bool{{}: true}
	add := func(e encoding, function string) {
		if e = e.over(characters); !seen[e] {
			seen[e] = true
			all = append(all, knownEncoding{e, function})
		}
	}
	for _, known := range knownEncodings {
		add(known.encoding, known.function)
	}
	for i, one := range knownEncodings {
		for _, other := range knownEncodings[:i] {
			if one.function == "" && other.function == "" {
				add(one.with(other.encoding), "")
			}
		}
	}
	return all
}
