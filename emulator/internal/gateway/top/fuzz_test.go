package top_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// FuzzParameters: whatever comes is answered in the platform's envelope, and readable forms mean the same to the
// standard library.
func FuzzParameters(f *testing.F) {
	f.Add("method=x&format=json", formContent, []byte("a=1&a=2&b=%zz"))
	f.Add("", "multipart/form-data;boundary="+boundary, []byte(javaPart("a", "1")+"\r\n--"+boundary+"--"))
	f.Add("", "multipart/form-data; boundary=\"", []byte("--\r\n"))
	f.Add("", formContent, []byte("\xff=%zz"))
	f.Add("a=%FF;b", "application/json", []byte(`"{}"`))
	w := newWorld(f, appSecret, noon)
	f.Fuzz(func(t *testing.T, query, content string, body []byte) {
		got := w.send(t, &wire.Request{
			Method: http.MethodPost, Path: "/router/rest", RawQuery: query,
			Header: http.Header{"Content-Type": {content}}, Body: body,
		}, wire.Result{})
		if got.reply.Status != http.StatusOK || len(got.reply.Body) == 0 || got.reply.Outcome == "ok" {
			t.Fatalf("got status %d, outcome %s, body %q", got.reply.Status, got.reply.Outcome, got.reply.Body)
		}
		for _, finding := range got.fault.Findings {
			if !utf8.ValidString(finding.Message + finding.Got + finding.Server + finding.Client + finding.Marker) {
				t.Errorf("not UTF-8: %+v", finding)
			}
		}
		values, err := url.ParseQuery(query)
		if err != nil || len(body) > 0 {
			return
		}
		for name := range values {
			if sent := got.exchange.Call().Text[name]; sent != values.Get(name) {
				t.Errorf("%q: got %q, want %q", name, sent, values.Get(name))
			}
		}
	})
}

// FuzzMultipart: text parts arrive byte for byte.
func FuzzMultipart(f *testing.F) {
	f.Add("a", "1", "b", "x\r\ny")
	f.Add("上", "%41+", "", "")
	w := newWorld(f, appSecret, noon)
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		values := map[string]string{name1: value1, name2: value2}
		for text := range maps.All(values) {
			if strings.ContainsAny(text, "\"\\\r\n\x00") || !utf8.ValidString(text) {
				t.Skip("no name that SDKs write")
			}
		}
		body := ""
		for name, value := range values {
			if strings.Contains(value, boundary) {
				t.Skip("the boundary inside a part")
			}
			body += part(name, value)
		}
		exchange, err := w.gateway.Read(&wire.Request{
			Method: http.MethodPost, Path: "/router/rest",
			Header: http.Header{"Content-Type": {"multipart/form-data; boundary=" + boundary}},
			Body:   []byte(body + "--" + boundary + "--\r\n"),
		})
		var fault *wire.Fault
		if errors.As(err, &fault) && fault.Kind == wire.Malformed {
			t.Skip("a name that no header can hold")
		}
		if got := exchange.Call().Text; !maps.Equal(got, values) {
			t.Errorf("got %q, want %q", got, values)
		}
	})
}

// FuzzEnvelope: whatever an operation answers, XML and JSON can be read, and hold the text.
func FuzzEnvelope(f *testing.F) {
	f.Add("result", "<a> & ]]> \x00\u2028", 0.5)
	f.Add("", "\xff\xfe", -1e300)
	f.Add("1 x:y", "成功", 0.0)
	w := newWorld(f, appSecret, noon)
	f.Fuzz(func(t *testing.T, name, text string, number float64) {
		if name == "known" {
			t.Skip("a second member of the name that is looked for")
		}
		body := wire.Object{
			{Name: "known", Value: text},
			{Name: name, Value: wire.List{
				Item: name, Values: []any{text, number, nil, wire.Object{{Name: name, Value: true}}},
			}},
			{Name: "map", Value: map[string]any{name: []any{text}, "n": int64(3)}},
			{Name: "array", Value: []any{text, []any{1}}},
		}
		for _, format := range []string{"json", "xml"} {
			for _, simplify := range []string{"true", "false"} {
				params := with(public(), "format", format, "simplify", simplify)
				got := w.send(t, post(signed(params, appSecret)), wire.Result{Body: body})
				if got.reply.Outcome != "ok" {
					t.Fatalf("got outcome %s: %v", got.reply.Outcome, got.fault)
				}
				if format == "xml" {
					checkXML(t, got.reply.Body, text)
				} else if !json.Valid(got.reply.Body) || !utf8.Valid(got.reply.Body) {
					t.Errorf("not JSON: %q", got.reply.Body)
				}
			}
		}
	})
}

func checkXML(t *testing.T, document []byte, text string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v: %q", err, document)
		}
	}
	var back struct {
		Known string `xml:"known"`
		ID    string `xml:"request_id"`
	}
	if err := xml.Unmarshal(document, &back); err != nil {
		t.Fatal(err)
	}
	if want := xmlText(text); back.Known != want || back.ID != requestID {
		t.Errorf("got %q and id %q, want %q", back.Known, back.ID, want)
	}
}

// xmlText is what is left of a text in XML 1.0, section 2.2.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000:
			return r
		}
		return utf8.RuneError
	}, text)
}

// FuzzSignature: what is signed is accepted, and no longer once a value changes.
func FuzzSignature(f *testing.F) {
	f.Add("session", "a b+c&d=e", "partner_id", "", uint8(0))
	f.Add("上", "@%00", "é", "\x00", uint8(2))
	f.Add("pariner_t\xe4", "\xb8\x8a", "b", "", uint8(0)) // half a letter each
	w := newWorld(f, appSecret, noon)
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, which uint8) {
		for _, text := range []string{name1, value1, name2, value2} {
			if !utf8.ValidString(text) {
				t.Skip("what is not UTF-8 is refused")
			}
		}
		params := public()
		for _, taken := range []string{name1, name2} {
			if _, known := params[taken]; known || taken == "sign" || taken == "" {
				t.Skip("a parameter that has its own checks")
			}
		}
		params[name1], params[name2] = value1, value2
		params["sign_method"] = []string{"md5", "hmac", "hmac-sha256"}[which%3]
		params = signed(params, appSecret)
		if got := w.send(t, post(params), wire.Result{}); got.reply.Outcome != "ok" {
			t.Fatalf("got outcome %s: %v", got.reply.Outcome, got.fault)
		}
		changed := with(params, "param", strings.Replace(goodParam, "oss", "OSS", 1))
		if got := w.send(t, post(changed), wire.Result{}); got.reply.Outcome != "25" {
			t.Fatalf("changed: got outcome %s", got.reply.Outcome)
		}
	})
}
