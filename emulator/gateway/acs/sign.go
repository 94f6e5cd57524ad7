package acs

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature version 1.0 is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"github.com/tokenstage/tokenstage/emulator/wire"
)

// rpcString is the string to sign of RPC v1: METHOD&%2F&encode(canonical parameters), over query and form together,
// without Signature.
func rpcString(method string, parameters string) string {
	dst := make([]byte, 0, len(method)+5+len(parameters)*5/4)
	dst = append(dst, method...)
	dst = append(dst, "&%2F&"...)
	return string(appendEscaped(dst, parameters))
}

// rpcPairs are the parameters that RPC v1 signs.
func rpcPairs(query, form []pair) []pair {
	return slices.DeleteFunc(slices.Concat(query, form), func(p pair) bool { return p.name == "Signature" })
}

// rpcKeySuffix is appended to the secret to make the key of RPC v1.
const rpcKeySuffix = "&"

// sha1Signature is base64(HMAC-SHA1(key, text)): RPC v1 and ROA v1.
func sha1Signature(key, text string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// roaString is the string to sign of ROA v1: method and four headers, a line each and empty where absent, then every
// x-acs- header, then the resource. bareEmpty writes a parameter without value as "k", not "k=": clients differ.
func roaString(req *wire.Request, query []pair, bareEmpty bool) string {
	var b strings.Builder
	b.WriteString(req.Method)
	for _, name := range []string{"Accept", "Content-MD5", "Content-Type", "Date"} {
		b.WriteByte('\n')
		b.WriteString(req.Header.Get(name))
	}
	b.WriteByte('\n')
	for _, name := range acsHeaders(req.Header) {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(req.Header.Get(name))
		b.WriteByte('\n')
	}
	b.WriteString(req.Path)
	sorted := slices.Clone(query)
	slices.SortStableFunc(sorted, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	for i, p := range sorted {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(p.name)
		if p.value != "" || !bareEmpty {
			b.WriteByte('=')
			b.WriteString(p.value)
		}
	}
	return b.String()
}

// acsHeaders are the lower-case names of a request's x-acs- headers, sorted.
func acsHeaders(header http.Header) []string {
	var names []string
	for name := range header {
		if isACSHeader(name) {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	return names
}

const headerPrefix = "x-acs-"

func isACSHeader(name string) bool {
	return len(name) > len(headerPrefix) && strings.EqualFold(name[:len(headerPrefix)], headerPrefix)
}

// algorithms are the ones of V3 that a shared secret can serve.
var algorithms = map[string]func() hash.Hash{
	"ACS3-HMAC-SHA256": sha256.New,
	"ACS3-HMAC-SM3":    sm3.New,
}

// canonicalRequest is what V3 hashes: method, path, query, the signed headers, their names, and the hash of the body.
func canonicalRequest(req *wire.Request, query string, signedHeaders []string, payload string) string {
	var b strings.Builder
	b.Grow(canonicalSize + len(query))
	b.WriteString(req.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(req.Path))
	b.WriteByte('\n')
	b.WriteString(query)
	b.WriteByte('\n')
	for _, name := range signedHeaders {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(headerValue(req, name))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(signedHeaders, ";"))
	b.WriteByte('\n')
	b.WriteString(payload)
	return b.String()
}

// canonicalSize is room for all but the query of a canonical request.
const canonicalSize = 768

// canonicalPath is the escaped path as sent, with the three mappings that the clients make.
func canonicalPath(path string) string {
	if !strings.ContainsAny(path, "+*%") {
		return path
	}
	return pathMapping.Replace(path)
}

var pathMapping = strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~")

// headerValue is the trimmed value of a header; values of a repeated one are sorted and joined by commas.
func headerValue(req *wire.Request, name string) string {
	if name == "host" {
		return req.Host
	}
	values := headerValues(req.Header, name)
	if len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	slices.Sort(trimmed)
	return strings.Join(trimmed, ",")
}

// headerValues finds a header by its lower-case name without making the canonical one, which would cost an allocation
// for each signed header of each call.
func headerValues(header http.Header, lower string) []string {
	for name, values := range header {
		if len(name) == len(lower) && strings.EqualFold(name, lower) {
			return values
		}
	}
	return nil
}

// v3String is the string to sign of V3.
func v3String(algorithm string, newHash func() hash.Hash, canonicalRequest string) string {
	return algorithm + "\n" + hexSum(newHash, []byte(canonicalRequest))
}

func hexSum(newHash func() hash.Hash, data []byte) string {
	h := newHash()
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// v3Signature is hex(HMAC(secret, text)), with the plain secret as key.
func v3Signature(newHash func() hash.Hash, secret, text string) string {
	mac := hmac.New(newHash, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
