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
	"sync"

	"github.com/emmansun/gmsm/sm3"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
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
func sha1Signature(key, text string) []byte {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
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
	// Most headers of most requests begin with another letter.
	return len(name) > len(headerPrefix) && name[0]|0x20 == headerPrefix[0] &&
		strings.EqualFold(name[:len(headerPrefix)], headerPrefix)
}

// algorithm is one of V3 that a shared secret can serve, by its name in the Authorization header.
type algorithm string

const (
	hmacSHA256 algorithm = "ACS3-HMAC-SHA256"
	hmacSM3    algorithm = "ACS3-HMAC-SM3"
)

func (a algorithm) known() bool { return a == hmacSHA256 || a == hmacSM3 }

func (a algorithm) newHash() hash.Hash {
	if a == hmacSM3 {
		return sm3.New()
	}
	return sha256.New()
}

// sumSize is that of both hashes.
const sumSize = sha256.Size

func (a algorithm) sum(data []byte) [sumSize]byte {
	if a == hmacSM3 {
		return sm3.Sum(data)
	}
	return sha256.Sum256(data)
}

// payload is the hash of a body in a canonical request. Most requests have none.
func (a algorithm) payload(body []byte) string {
	if len(body) == 0 && a == hmacSHA256 {
		return emptyPayload
	}
	text := hexOf(a.sum(body))
	return string(text[:])
}

// emptyPayload is the SHA-256 of nothing.
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// appendCanonicalRequest appends what V3 hashes: method, path, query, the signed headers, their names, and the hash of
// the body.
func appendCanonicalRequest(
	dst []byte, req *wire.Request, query []byte, signedHeaders []string, payload string,
) []byte {
	dst = append(append(dst, req.Method...), '\n')
	dst = append(append(dst, canonicalPath(req.Path)...), '\n')
	dst = append(append(dst, query...), '\n')
	for _, name := range signedHeaders {
		dst = append(append(dst, name...), ':')
		dst = append(append(dst, headerValue(req, name)...), '\n')
	}
	for i, name := range signedHeaders {
		dst = append(append(dst, "\n;"[min(i, 1)]), name...)
	}
	return append(append(dst, '\n'), payload...)
}

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
	values := valuesOf(req.Header, name)
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

// valuesOf are the values of a header by its name in lower case, as signatures list it. The names that clients sign are
// known, so that they need not be written anew for each call.
func valuesOf(header http.Header, name string) []string {
	if known, ok := signedNames[name]; ok {
		return header[known]
	}
	return header.Values(name)
}

var signedNames = lowerNames("Content-Type", "Accept", "User-Agent", actionHeader, versionHeader, dateHeader,
	nonceHeader, digestHeader, securityHeader, bearerHeader, accessKeyHeader)

// lowerNames are the names by how they are written in lower case.
func lowerNames(names ...string) map[string]string {
	lower := make(map[string]string, len(names))
	for _, name := range names {
		lower[strings.ToLower(name)] = name
	}
	return lower
}

// v3String is the string to sign of V3.
func (a algorithm) v3String(canonicalRequest []byte) []byte {
	hashed := hexOf(a.sum(canonicalRequest))
	text := make([]byte, 0, len(a)+1+len(hashed))
	text = append(append(text, a...), '\n')
	return append(text, hashed[:]...)
}

// signature is hex(HMAC(secret, text)), with the plain secret as key.
func (a algorithm) signature(secret string, text []byte) [2 * sumSize]byte {
	return signatureBy(hmac.New(a.newHash, []byte(secret)), text)
}

func signatureBy(mac hash.Hash, text []byte) [2 * sumSize]byte {
	mac.Write(text)
	return hexOf([sumSize]byte(mac.Sum(nil)))
}

// keyedMACs keeps HMACs with their keys, which take longer to make than to use: many calls in a row have the same key.
type keyedMACs struct{ pool sync.Pool }

type keyedMAC struct {
	hash.Hash

	algorithm algorithm
	secret    string
}

// signature is that of the algorithm.
func (k *keyedMACs) signature(a algorithm, secret string, text []byte) [2 * sumSize]byte {
	mac, ok := k.pool.Get().(*keyedMAC)
	if !ok || mac.algorithm != a || mac.secret != secret {
		mac = &keyedMAC{hmac.New(a.newHash, []byte(secret)), a, secret}
	}
	defer k.pool.Put(mac)
	mac.Reset()
	return signatureBy(mac, text)
}

// signs reports whether the signature is the one of the text.
func (a algorithm) signs(signature, secret string, text []byte) bool {
	want := a.signature(secret, text)
	return equal(want[:], signature)
}

func hexOf(sum [sumSize]byte) (text [2 * sumSize]byte) {
	hex.Encode(text[:], sum[:])
	return text
}
