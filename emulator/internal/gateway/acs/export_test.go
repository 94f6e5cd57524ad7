package acs

// What tests look at directly: the decoding and encoding below every signature.
var (
	ParsePairs = parsePairs
	Canonical  = canonical
	// EntityTag is the Etag of a body.
	EntityTag = entityTag
)

// Pair is one decoded parameter.
type Pair = pair

// Parts are name and value.
func (p pair) Parts() (name, value string) { return p.name, p.value }

// TextOf merges lists of pairs.
func TextOf(lists ...[]pair) map[string]string { return textOf(lists...) }

// Escape encodes a text.
func Escape(text string) string { return string(appendEscaped(nil, text)) }

// Signs reports whether a signature is that of a text with a named algorithm of V3.
func Signs(name, signature, secret, text string) bool {
	return algorithm(name).signs(signature, secret, []byte(text))
}
