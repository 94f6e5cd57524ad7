package oss

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the service's signature of version 1 is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// way is a way to sign a request. The habits of clients change it.
type way struct {
	v4 bool
	// policy is what a form signs in the place of all that follows.
	policy string

	method   string
	md5      string // of the first version, where the fourth has it among the headers
	kind     string // Content-Type, likewise
	date     string
	headers  []field
	resource string // bucket and object with slashes, as they are signed
	query    string

	additional []string
	payload    string
	scope      scope
	secret     string
}

// field is a header that is signed: its name in lower case, its value.
type field struct{ name, value string }

// right is how a client should sign the request.
func (x *exchange) right(secret string) way {
	w := way{
		v4: x.claim.style.isV4(), secret: secret, scope: x.claim.scope, date: x.claim.date,
		method: x.req.Method, headers: ownHeaders(x.req), resource: x.target.resource(),
		additional: x.claim.additional,
	}
	switch {
	case x.claim.style.inForm():
		w.policy = x.claim.policy
	case w.v4:
		w.resource = escape(w.resource, "/")
		w.query = x.queryV4(true)
		w.headers = append(w.headers, x.usualHeaders(w.additional)...)
		w.payload = "UNSIGNED-PAYLOAD"
		if hash := x.req.Header.Get(sha256Name); hash != "" {
			w.payload = hash
		}
	default:
		w.md5, w.kind = x.req.Header.Get("Content-Md5"), x.req.Header.Get("Content-Type")
		w.query = x.queryV1()
	}
	slices.SortFunc(w.headers, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return w
}

// ownHeaders are the headers of a request that every signature covers.
func ownHeaders(req *wire.Request) []field {
	var all []field
	for name, values := range req.Header {
		if isOwnName(name) {
			all = append(all, field{strings.ToLower(name), joined(values)})
		}
	}
	return all
}

// usualHeaders are those that the fourth version covers beside: type and digest of the body, and those that are named.
func (x *exchange) usualHeaders(additional []string) []field {
	var all []field
	for _, name := range append([]string{"content-md5", "content-type"}, additional...) {
		values := x.req.Header.Values(name)
		if name == "host" {
			values = []string{x.req.Host}
		}
		if len(values) > 0 {
			all = append(all, field{name, joined(values)})
		}
	}
	return all
}

func joined(values []string) string {
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	return strings.Join(trimmed, ",")
}

// queryV1 are the subresources, sorted and as plain text.
func (x *exchange) queryV1() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(x.query)) {
		switch value := x.query[name]; {
		case !isSubresource(name):
		case value == "":
			parts = append(parts, name)
		default:
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, "&")
}

// queryV4 is the whole query but for the signature, encoded and sorted. Clients differ over a parameter with an empty
// value: SDKs for Go sign its bare name, ali-oss what it sends.
func (x *exchange) queryV4(bare bool) string {
	var all []pair
	for _, p := range x.pairs {
		if p.name != signatureParameterV4 {
			all = append(all, pair{escape(p.name, ""), escape(p.value, ""), p.bare})
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	parts := make([]string, len(all))
	for i, p := range all {
		parts[i] = p.name
		if p.value != "" || !bare && !p.bare {
			parts[i] += "=" + p.value
		}
	}
	return strings.Join(parts, "&")
}

// text is the string that people compare: the string to sign of the first version, the canonical request of the fourth.
func (w *way) text() string {
	if w.policy != "" {
		return w.policy
	}
	var b strings.Builder
	b.WriteString(w.method + "\n")
	if w.v4 {
		b.WriteString(w.resource + "\n" + w.query + "\n")
	} else {
		b.WriteString(w.md5 + "\n" + w.kind + "\n" + w.date + "\n")
	}
	for _, h := range w.headers {
		b.WriteString(h.name + ":" + h.value + "\n")
	}
	if w.v4 {
		b.WriteString("\n" + strings.Join(w.additional, ";") + "\n" + w.payload)
		return b.String()
	}
	b.WriteString(w.resource)
	if w.query != "" {
		b.WriteString("?" + w.query)
	}
	return b.String()
}

// stringToSign is what is signed: the text itself, or its digest under what the fourth version puts before it.
func (w *way) stringToSign(text string) string {
	if !w.v4 || w.policy != "" {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return algorithmV4 + "\n" + w.date + "\n" + w.scope.String() + "\n" + hex.EncodeToString(sum[:])
}

// sum are the bytes of the signature.
func (w *way) sum(text string) []byte {
	if !w.v4 {
		mac := hmac.New(sha1.New, []byte(w.secret))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	key := []byte("aliyun_v4" + w.secret)
	for _, part := range []string{w.scope.day, w.scope.region, w.scope.product, w.scope.end, w.stringToSign(text)} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}

// signature is the signature as it is written.
func (w *way) signature() string {
	sum := w.sum(w.text())
	if w.v4 {
		return hex.EncodeToString(sum)
	}
	return base64.StdEncoding.EncodeToString(sum)
}
