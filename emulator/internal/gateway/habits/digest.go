package habits

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // some clients send such digests by mistake
	"crypto/sha1" //nolint:gosec // some clients send such digests by mistake
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// Digest explains a header that should hold the digest of a body.
type Digest struct {
	// Name is that of the digest: "SHA-256".
	Name string
	// Sum computes it.
	Sum func([]byte) []byte
	// Coding is how it is written.
	Coding Coding
}

// contentMD5 explains the header Content-MD5 (RFC 1864).
var contentMD5 = Digest{Name: "MD5", Coding: Base64, Sum: func(b []byte) []byte {
	sum := md5.Sum(b) //nolint:gosec // Content-MD5 is MD5
	return sum[:]
}}

// WrongContentMD5 says what Content-MD5 should be and how it differs, where a client sends another one; why is empty
// where it sends none or the right one.
func WrongContentMD5(sent string, body []byte) (want, why string) {
	if sent == "" {
		return "", ""
	}
	if want = base64.StdEncoding.EncodeToString(contentMD5.Sum(body)); sent == want {
		return want, ""
	}
	return want, contentMD5.Explain("Content-MD5", body, sent)
}

// others are digests that clients send in the place of the right one.
var others = []Digest{
	{Name: "MD5", Sum: func(b []byte) []byte { s := md5.Sum(b); return s[:] }},    //nolint:gosec // a mistake of clients
	{Name: "SHA-1", Sum: func(b []byte) []byte { s := sha1.Sum(b); return s[:] }}, //nolint:gosec // a mistake of clients
	{Name: "SHA-256", Sum: func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{Name: "SHA-512", Sum: func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// Explain says how what was sent in a header differs from the digest of the body.
func (d Digest) Explain(header string, body []byte, sent string) string {
	if sent == "" {
		return header + " is absent or empty."
	}
	readings := Readings(sent, d.Coding)
	says := func(sum []byte, what string) string {
		for _, r := range readings {
			if r.Sum == string(sum) {
				return strings.Join(append([]string{header + " is the " + what}, r.Says...), " ")
			}
		}
		return ""
	}
	if text := says(d.Sum(body), d.Name+" of the body that came, and not written as it must be."); text != "" {
		return text
	}
	for _, other := range others {
		if text := says(other.Sum(body), other.Name+" of the body; its "+d.Name+" is expected."); text != "" {
			return text
		}
	}
	if len(readings) > 0 { // or else nothing that is hashed can fit
		for _, s := range otherBodies(body) {
			if text := says(d.Sum(s.Body), d.Name+" of "+s.Name); text != "" {
				return text
			}
		}
	}
	return header + " is not the " + d.Name + " of the body that came."
}

// otherBodies are what clients hash in the place of the body that they send, each by the end of a sentence about it.
func otherBodies(body []byte) []Spelling {
	const once = " Write the body once, then sign and send the same bytes."
	var all []Spelling
	if len(body) > 0 {
		all = append(all, Spelling{Name: "nothing: the client hashed an empty body and sent one that is not."})
	}
	for _, s := range []Spelling{
		{"the body without the blanks and line ends around it.", bytes.TrimSpace(body)},
		{"the body with a line end behind it.", append(bytes.Clone(body), '\n')},
		{"the body with CR LF behind it.", append(bytes.Clone(body), "\r\n"...)},
		{"the body without its byte order mark.", bytes.TrimPrefix(body, []byte("\uFEFF"))},
		{"the body with a byte order mark before it.", append([]byte("\uFEFF"), body...)},
		{"the body with line ends LF.", bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))},
		{"the body with line ends CR LF.", bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))},
	} {
		if !bytes.Equal(s.Body, body) && len(body) <= maxRespelt {
			all = append(all, Spelling{s.Name + once, s.Body})
		}
	}
	for _, s := range JSONSpellings(body) {
		all = append(all, Spelling{"the same JSON serialised in another way, " + s.Name + "." + once, s.Body})
	}
	return all
}
