package acs

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

// pair is one decoded parameter.
type pair struct{ name, value string }

func (p pair) compare(other pair) int {
	if p.name != other.name {
		return strings.Compare(p.name, other.name)
	}
	return strings.Compare(p.value, other.value)
}

// parsePairs decodes a query or form. What cannot be decoded stays as it is.
func parsePairs(text string) []pair {
	pairs, _ := readPairs(text)
	return pairs
}

// readPairs decodes a query or form, with a fault about what cannot be decoded.
func readPairs(text string) ([]pair, error) {
	if text == "" {
		return nil, nil
	}
	pairs := make([]pair, 0, strings.Count(text, "&")+1)
	err := gateway.ReadForm(text, gateway.Unescape, func(name, value string) { pairs = append(pairs, pair{name, value}) })
	return pairs, err
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

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// unreserved tells the characters that need no escape.
func unreserved(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

// appendEscaped appends text in the encoding of RFC 3986 that every signature of this gateway uses: all but
// A-Z a-z 0-9 - _ . ~ becomes %XX.
func appendEscaped(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if unreserved(c) {
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
