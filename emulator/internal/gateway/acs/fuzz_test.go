package acs_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// FuzzPairs: what is read from a query is what the standard library reads, where that can read it at all, and the
// canonical form is read back as the same.
func FuzzPairs(f *testing.F) {
	f.Add("a=1&b=+%2B&c")
	f.Add("&&=x&a=%zz&b=%4&%e6%88%90=%")
	f.Add("a;b=1&a=%00\xff")
	f.Fuzz(func(t *testing.T, query string) {
		pairs := acs.ParsePairs(query)
		canonical := acs.Canonical(pairs)
		if strings.ContainsAny(canonical, "+*'()! \x00") || !utf8.ValidString(canonical) {
			t.Errorf("not RFC 3986: %q", canonical)
		}
		again := acs.ParsePairs(canonical)
		if want := sortedPairs(pairs); !slices.Equal(want, again) && query != "" {
			t.Errorf("got %q, want %q", again, want)
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		n, text := 0, acs.TextOf(pairs)
		for name, list := range values {
			n += len(list)
			if text[name] != list[0] {
				t.Errorf("%q: got %q, want %q", name, text[name], list[0])
			}
		}
		if n != len(pairs) {
			t.Errorf("%d pairs, want %d", len(pairs), n)
		}
	})
}

func sortedPairs(pairs []acs.Pair) []acs.Pair {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b acs.Pair) int {
		aName, aValue := a.Parts()
		bName, bValue := b.Parts()
		return cmp.Or(strings.Compare(aName, bName), strings.Compare(aValue, bValue))
	})
	return sorted
}

// FuzzEscaping: escaping and its undoing give the text back, in the form that the standard library's path escapes take.
func FuzzEscaping(f *testing.F) {
	f.Add("a b+c%20~*é!'()/")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		escaped := acs.Escape(text)
		if want := rfc3986(text); escaped != want {
			t.Errorf("got %q, want %q", escaped, want)
		}
		if got, err := gateway.Unescape(escaped); got != text || err != nil {
			t.Errorf("got %q back, %v, want %q", got, err, text)
		}
	})
}

// FuzzSigned: a signature over whatever values passes in every style, and does not when a value changes.
func FuzzSigned(f *testing.F) {
	f.Add("TopicA/+ ~*é!'()", "", "x-value", "nonce")
	f.Add("", "\x00\xff%zz&=;", "a\tb", "\n")
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, value, name, header, body string) {
		if !utf8.ValidString(name) || strings.ContainsAny(header, "\r\n\x00") || reserved(name) {
			t.Skip("no client sends it")
		}
		for _, s := range styles() {
			c, d := newClient(), s.call()
			if s.name != "roa v1" { // its values are signed as plain text: what is not UTF-8 there is not sent
				d.query = append(d.query, [2]string{name, value})
			}
			if d.body != "" {
				d.body = body
			}
			d = d.withHeader("X-Acs-Fuzz", strings.TrimSpace(header))
			req := s.sign(c, d)
			if err := w.send(t, req).fault; err != nil && signatureFault(err) {
				t.Errorf("%s: %v", s.name, err)
			}
			d.query = append(d.query, [2]string{"Added", value})
			tampered := c.request(d)
			if s.name == "rpc v1" {
				req.RawQuery += "&Added=1"
			} else {
				req.RawQuery = tampered.RawQuery
			}
			w.send(t, req).want(t, "SignatureDoesNotMatch")
		}
	})
}

// reserved reports whether the gateway reads the parameter itself.
func reserved(name string) bool {
	common := newClient().rpcCommon("", "")
	return slices.Contains([]string{"Signature", "SecurityToken", "BearerToken"}, name) ||
		slices.ContainsFunc(common, func(one [2]string) bool { return one[0] == name })
}

// signatureFault reports whether the fault is of the signature itself.
func signatureFault(fault *wire.Fault) bool {
	return slices.Contains([]wire.Kind{wire.WrongSignature, wire.MissingSignature, wire.WrongDigest, wire.BadTimestamp}, fault.Kind)
}

// FuzzHeaders: whatever headers and query say of their sender, the request is refused in the gateway's shape.
func FuzzHeaders(f *testing.F) {
	f.Add("ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=host,Signature=00", "Action=ApplyToken&Version=2020-04-20", "", "")
	f.Add("acs testak:x", "", "Sun, 01 Mar 2026 12:00:00 GMT", "20240611")
	f.Add("ACS3-", "Signature&AccessKeyId=testak&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=1", iso(noon), "x")
	f.Add("", "BearerToken=x&Format=XML&Action=\xff", "2026-03-01T12:00:00Z", "\xff")
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, authorization, query, date, text string) {
		for _, path := range []string{"/", "/api/v1/aliyunConsole/createAccessWarrant", "/" + text} {
			got := w.send(t, &wire.Request{
				Method: http.MethodPost, Path: path, RawQuery: query, Host: text, Body: []byte(text), Header: http.Header{
					"Authorization": {authorization}, "X-Acs-Date": {date}, "Date": {date}, "X-Acs-Version": {text},
					"X-Acs-Signature-Nonce": {text}, "X-Acs-Security-Token": {text}, "Content-Type": {formContent},
				},
			})
			if got.code == "ok" || len(got.reply.Body) == 0 || got.reply.Status < 400 || got.reply.Status >= 500 {
				t.Fatalf("got %d %s: %s", got.reply.Status, got.code, got.reply.Body)
			}
			if got.reply.Header.Get("Content-Type") == sentXML {
				wellFormed(t, got.reply.Body)
			} else if !json.Valid(got.reply.Body) {
				t.Errorf("not JSON: %s", got.reply.Body)
			}
		}
	})
}

// FuzzXML: whatever an operation answers can be read as XML and holds its text, as far as XML can.
func FuzzXML(f *testing.F) {
	f.Add("a<b>&\"'", int64(-1), 0.5)
	f.Add("]]>\x00\xff\u2028", int64(0), -1e300)
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, text string, whole int64, number float64) {
		c := newClient()
		c.nonce = ""
		d := mqtt().withHeader("Accept", "text/xml")
		got := w.sendFor(t, c.v3(d, applyToken, mqttRelease), wire.Result{Body: wire.Object{
			{Name: "Text", Value: text},
			{Name: "List", Value: []any{text, whole, number, nil}},
			{Name: "Named", Value: wire.List{Item: "Item", Values: []any{wire.Object{{Name: "Inner", Value: text}}}}},
		}})
		got.want(t, "ok")
		wellFormed(t, got.reply.Body)
		if !utf8.Valid(got.reply.Body) || strings.ContainsRune(string(got.reply.Body), 0) {
			t.Errorf("got %q", got.reply.Body)
		}
		if kind := got.reply.Header.Get("Content-Type"); kind != sentXML {
			t.Errorf("got %s", kind)
		}
	})
}
