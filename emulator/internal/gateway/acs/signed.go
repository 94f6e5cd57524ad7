package acs

import (
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Signed is a request as its signature sees it. That of V3 is its canonical request: what is signed is a hash of it.
func (Profile) Signed(req *wire.Request) (gateway.Signed, bool) {
	c := claimOf(req)
	signed := gateway.Signed{Signature: c.signature}
	query := parsePairs(req.RawQuery)
	switch {
	case c.style == rpcV1:
		var form []pair
		if gateway.IsForm(req.Header) {
			form = parsePairs(string(req.Body))
		}
		signed.Style = "signature version 1.0 of RPC calls, " + sha1Method
		signed.Text = rpcString(req.Method, canonical(rpcPairs(query, form)))
	case c.style == roaV1:
		signed.Style = "signature version 1.0 of ROA calls, " + sha1Method
		signed.Text = roaString(req, query, false)
	case c.style == v3 && c.algorithm.known():
		signed.Style = "signature V3, " + string(c.algorithm)
		signed.Text = string(appendCanonicalRequest(nil, req, appendCanonical(nil, query), c.signedHeaders,
			c.algorithm.payload(req.Body)))
	default:
		return gateway.Signed{}, false
	}
	return signed, true
}

// SignatureOf is the signature over a text. That of V3 can be the canonical request or the two lines over its hash.
func (Profile) SignatureOf(req *wire.Request, secret, text string) string {
	switch c := claimOf(req); {
	case c.style == rpcV1:
		return string(sha1Signature(secret+rpcKeySuffix, text))
	case c.style == roaV1:
		return string(sha1Signature(secret, text))
	case c.style == v3 && c.algorithm.known():
		toSign := []byte(text)
		if !strings.HasPrefix(text, string(c.algorithm)+"\n") {
			toSign = c.algorithm.v3String(toSign)
		}
		signature := c.algorithm.signature(secret, toSign)
		return string(signature[:])
	default:
		return ""
	}
}

// Parts are the lines and parameters of a string to sign.
func (Profile) Parts(req *wire.Request, text string) []gateway.Part {
	switch c := claimOf(req); c.style {
	case rpcV1:
		return rpcParts(text)
	case roaV1:
		return roaParts(text)
	case v3:
		return v3Parts(text)
	case unsigned, bearer:
	}
	return nil
}

// rpcParts are method, path and parameters. The parameters are encoded once more as a whole.
func rpcParts(text string) []gateway.Part {
	method, rest, _ := strings.Cut(text, "&")
	path, parameters, _ := strings.Cut(rest, "&")
	return append([]gateway.Part{plainPart("method", method), decodedPart("path", path)},
		parameterParts(decoded(parameters))...)
}

// roaParts are method, four headers without their names, the x-acs- headers, and the resource.
func roaParts(text string) []gateway.Part {
	lines := strings.Split(text, "\n")
	names := []string{"method", "header Accept", "header Content-MD5", "header Content-Type", "header Date"}
	var parts []gateway.Part
	for i, line := range lines {
		switch {
		case i < len(names):
			parts = append(parts, plainPart(names[i], line))
		case i < len(lines)-1:
			parts = append(parts, headerPart(line))
		default:
			path, query, _ := strings.Cut(line, "?")
			parts = append(parts, plainPart("path", path))
			parts = append(parts, plainParameters(query)...)
		}
	}
	return parts
}

// v3Parts are method, path, query, the signed headers, their names and the hash of the body. The two lines that are
// signed in the end have a part each.
func v3Parts(text string) []gateway.Part {
	lines := strings.Split(text, "\n")
	if len(lines) == 2 {
		return []gateway.Part{plainPart("algorithm", lines[0]), plainPart("hash of the canonical request", lines[1])}
	}
	names := []string{"method", "path"}
	var parts []gateway.Part
	for i, line := range lines {
		switch left := len(lines) - i; {
		case i < len(names):
			parts = append(parts, decodedPart(names[i], line))
		case i == len(names):
			parts = append(parts, parameterParts(line)...)
		case left == 1:
			parts = append(parts, plainPart("hash of the body", line))
		case left == 2: //nolint:mnd // the last but one
			parts = append(parts, plainPart("names of the signed headers", line))
		case line != "":
			parts = append(parts, headerPart(line))
		}
	}
	return parts
}

// parameterParts are encoded parameters.
func parameterParts(query string) []gateway.Part {
	var parts []gateway.Part
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			parts = append(parts, decodedPart("parameter "+decoded(name), value))
		}
	}
	return parts
}

// plainParameters are parameters that are signed as they mean.
func plainParameters(query string) []gateway.Part {
	var parts []gateway.Part
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			parts = append(parts, plainPart("parameter "+name, value))
		}
	}
	return parts
}

func headerPart(line string) gateway.Part {
	name, value, _ := strings.Cut(line, ":")
	return plainPart("header "+name, value)
}

func plainPart(name, text string) gateway.Part {
	return gateway.Part{Name: name, Raw: text, Value: text}
}

func decodedPart(name, text string) gateway.Part {
	return gateway.Part{Name: name, Raw: text, Value: decoded(text)}
}

// decoded is a text without its percent escapes, or as it is where it cannot be read. A plus is one: nothing that is
// signed has it for a blank.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
