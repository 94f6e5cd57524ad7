package acs

import (
	"slices"
	"strings"
)

// pair is one decoded parameter.
type pair struct{ name, value string }

func (p pair) compare(other pair) int {
	if p.name != other.name {
		return strings.Compare(p.name, other.name)
	}
	return strings.Compare(p.value, other.value)
}

// parsePairs decodes a query or form. What is no valid escape stays as it is: the signature then does not match, and
// its message shows what was read.
func parsePairs(text string) []pair {
	if text == "" {
		return nil
	}
	pairs := make([]pair, 0, strings.Count(text, "&")+1)
	for part, rest, more := "", text, true; more; {
		if part, rest, more = strings.Cut(rest, "&"); part != "" {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, pair{unescape(name), unescape(value)})
		}
	}
	return pairs
}

func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text
	}
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
			out = append(out, c)
		}
	}
	return string(out)
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

// textOf merges query and form; of a repeated name the first counts.
func textOf(lists ...[]pair) map[string]string {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	text := make(map[string]string, n)
	for _, list := range lists {
		for _, p := range list {
			if _, known := text[p.name]; !known {
				text[p.name] = p.value
			}
		}
	}
	return text
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends text in the encoding of RFC 3986 that every signature of this gateway uses: all but
// A-Z a-z 0-9 - _ . ~ becomes %XX.
func appendEscaped(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '~' {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// canonical joins the pairs, sorted by name in byte order, as encoded name=value with &.
func canonical(pairs []pair) string { return string(appendCanonical(nil, pairs)) }

func appendCanonical(dst []byte, pairs []pair) []byte {
	if !slices.IsSortedFunc(pairs, pair.compare) { // most clients send them as they sign them
		pairs = slices.Clone(pairs)
		slices.SortFunc(pairs, pair.compare)
	}
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, p.name)
		dst = append(dst, '=')
		dst = appendEscaped(dst, p.value)
	}
	return dst
}
