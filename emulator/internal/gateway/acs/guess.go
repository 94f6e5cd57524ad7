package acs

import (
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// guess is what a client must have signed to come to its signature.
type guess struct {
	advice string
	text   string
}

// mistake is a way in which clients are known to encode parameters wrongly.
type mistake struct {
	advice string
	encode *strings.Replacer // over the right encoding
}

var mistakes = []mistake{
	{"The client signed blanks as +, the server expects %20.", strings.NewReplacer("%20", "+")},
	{"The client signed a bare *, the server expects %2A.", strings.NewReplacer("%2A", "*")},
	{"The client signed ~ as %7E, the server expects it bare.", strings.NewReplacer("~", "%7E")},
	{
		"The client signed form encoding (+ for blank, bare *, %7E), the server expects RFC 3986.",
		strings.NewReplacer("%20", "+", "%2A", "*", "~", "%7E"),
	},
	{
		"The client left !'() bare, the server expects them encoded.",
		strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")"),
	},
	{
		"The client left !*'() bare, as JavaScript's encodeURIComponent does, the server expects them encoded.",
		strings.NewReplacer("%21", "!", "%2A", "*", "%27", "'", "%28", "(", "%29", ")"),
	},
	{"The client left slashes bare, the server expects %2F.", strings.NewReplacer("%2F", "/")},
	{"The client signed lower-case escapes, the server expects upper case.", lowerEscapes()},
}

// rpcStrings are the strings to sign of a client that makes the mistake in the parameters alone, in the whole string
// too, or there without the slash, which many clients keep as a constant.
func (m mistake) rpcStrings(method, right string) []string {
	const slash = "&%2F&"
	inside := m.encode.Replace(right)
	whole := m.encode.Replace(string(appendEscaped(nil, inside)))
	return []string{rpcString(method, inside), method + slash + whole, method + m.encode.Replace(slash) + whole}
}

func lowerEscapes() *strings.Replacer {
	var pairs []string
	for c := range 256 {
		escape := string([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		pairs = append(pairs, escape, strings.ToLower(escape))
	}
	return strings.NewReplacer(pairs...)
}

// secretMistakes are secrets that differ from the right one by what slips in when they are copied.
func secretMistakes(secret string) map[string]string {
	return map[string]string{
		"a blank at its end":      secret + " ",
		"a blank at its start":    " " + secret,
		"a line end at its end":   secret + "\n",
		"a CR LF at its end":      secret + "\r\n",
		"quotation marks":         `"` + secret + `"`,
		"another case of letters": strings.ToLower(secret),
	}
}

// guessSecret tries the right text with slips of the secret.
func guessSecret(secret, text string, matches func(secret, text string) bool) (guess, bool) {
	for slip, wrong := range secretMistakes(secret) {
		if matches(wrong, text) {
			return guess{"The string is right; the client's secret has " + slip + ".", text}, true
		}
	}
	return guess{}, false
}

func (x *exchange) guessRPC(secret string, pairs []pair) guess {
	matches := func(secret, text string) bool {
		return equal(sha1Signature(secret+rpcKeySuffix, text), x.claim.signature)
	}
	right := canonical(pairs)
	server := rpcString(x.req.Method, right)
	if equal(sha1Signature(secret, server), x.claim.signature) {
		return guess{"The string is right; the key must be the secret followed by &.", server}
	}
	if found, ok := guessSecret(secret, server, matches); ok {
		return found
	}
	for _, m := range mistakes {
		for _, text := range m.rpcStrings(x.req.Method, right) {
			if matches(secret, text) {
				return guess{m.advice, text}
			}
		}
	}
	for _, method := range []string{"GET", "POST"} {
		if text := rpcString(method, right); matches(secret, text) {
			return guess{"The client signed the method " + method + " and sent " + x.req.Method + ".", text}
		}
	}
	if text := rpcString(x.req.Method, canonical(rpcPairs(x.query, nil))); matches(secret, text) {
		return guess{"The client signed the query alone; parameters of the form are signed too.", text}
	}
	return guess{}
}

func (x *exchange) guessROA(secret, server string) guess {
	matches := func(secret, text string) bool { return equal(sha1Signature(secret, text), x.claim.signature) }
	if matches(secret+rpcKeySuffix, server) {
		return guess{"The string is right; the key of ROA calls is the secret alone, without &.", server}
	}
	if found, ok := guessSecret(secret, server, matches); ok {
		return found
	}
	encoded := roaString(x.req, nil, false)
	if len(x.query) > 0 {
		encoded += "?" + canonical(x.query)
	}
	if matches(secret, encoded) {
		return guess{"The client signed an encoded query; ROA v1 signs decoded values.", encoded}
	}
	return guess{}
}

func (x *exchange) guessV3(secret, payload string) guess {
	algorithm := x.claim.algorithm
	matches := func(secret, request string) bool {
		return algorithm.signs(x.claim.signature, secret, algorithm.v3String([]byte(request)))
	}
	canonicalOf := func(req *wire.Request, query, payload string) string {
		return string(appendCanonicalRequest(nil, req, []byte(query), x.claim.signedHeaders, payload))
	}
	query := canonical(x.query)
	request := canonicalOf(x.req, query, payload)
	if matches(secret+rpcKeySuffix, request) {
		return guess{"The string is right; the key of V3 is the secret alone, without &.", request}
	}
	if found, ok := guessSecret(secret, request, matches); ok {
		return found
	}
	sent := x.req.Header.Get(digestHeader)
	for _, m := range append(mistakes, mistake{"", strings.NewReplacer()}) {
		for _, hashed := range []string{payload, sent} {
			text := canonicalOf(x.req, m.encode.Replace(query), hashed)
			if text != request && matches(secret, text) {
				return guess{strings.TrimSpace(m.advice + x.otherBody(payload, hashed)), text}
			}
		}
	}
	bare := *x.req
	bare.Host, _, _ = strings.Cut(x.req.Host, ":")
	if text := canonicalOf(&bare, query, payload); matches(secret, text) {
		return guess{"The client signed the host without its port and sent it with the port.", text}
	}
	return guess{}
}

func (x *exchange) otherBody(payload, hashed string) string {
	if payload == hashed {
		return ""
	}
	return " The client signed the hash of another body than the one that came."
}
