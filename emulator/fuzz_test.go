package emulator_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// FuzzDataPlane sends any request through the whole pipeline. It is answered in a shape that clients can read, it is no
// failure of the server, and what was recorded of it can be shown.
func FuzzDataPlane(f *testing.F) {
	for _, seed := range []struct{ method, target, name, value, body string }{
		{"POST", "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=ak&Signature=x&SignatureMethod=HMAC-SHA1", "Date", "", ""},
		{"POST", "/", "Content-Type", "application/x-www-form-urlencoded", "Action=GetAuthCode&Version=2021-02-18&Format=XML"},
		{"POST", "/", "Authorization", "ACS3-HMAC-SHA256 Credential=ak,SignedHeaders=host,Signature=00", ""},
		{"POST", "/", "Authorization", "acs ak:AAAA", ""},
		{"POST", "/", "X-Acs-Bearer-Token", "fake-default-bearer-token", "{}"},
		{"POST", "/router/rest?method=alibaba.security.deepvision.proxy.security.common.token.get&format=json", "Content-Type", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition:form-data;name=\"a\"\r\n\r\nb\r\n--x--"},
		{"GET", "/router/rest?app_key=20000002&sign=x&v=2.0&timestamp=2026-03-01%2008:00:00&sign_method=md5", "Accept", "", ""},
		{"POST", "/apigovernance/api/oauth/tokenByAkSk", "X-App-Key", "fabric-app", `{"app_key":"fabric-app","app_secret":"fabric-secret"}`},
		{"POST", "/apiaccess/ccmessaging/send", "Authorization", "Bearer 00000000000000000000000000000000", `{"a":[[[[`},
		{"BREW", "//%00/%zz?&&=&;", "Transfer-Encoding", "\xff", "\x00"},
		{"OPTIONS", "*", "Host", "", ""},
	} {
		f.Add(seed.method, seed.target, seed.name, seed.value, seed.body)
	}
	var log bytes.Buffer
	w := newWorldWith(f, emulator.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	boxes, err := w.Sandboxes().List(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	for _, box := range boxes {
		if err := w.Player(box).Stop(f.Context(), "magic-values"); err != nil { // by which requests ask for errors
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, method, target, name, value, body string) {
		if method == "" || target == "" || strings.EqualFold(name, "X-Tokenstage-Scenario") && value != "" {
			return // nothing that comes off the wire, or a scripted end
		}
		log.Reset()
		req := (&http.Request{
			Method: method, URL: &url.URL{Path: "/"}, RequestURI: target, Host: "x", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{http.CanonicalHeaderKey(name): {value}}, Body: http.NoBody,
		}).WithContext(t.Context())
		if body != "" {
			req.Body = http.MaxBytesReader(nil, readCloser{strings.NewReader(body)}, dataplane.MaxBody)
		}
		got := httptest.NewRecorder()
		w.handler.ServeHTTP(got, req)
		if text := got.Body.String(); got.Code >= 500 || !json.Valid([]byte(text)) && !strings.HasPrefix(text, "<?xml") {
			t.Fatalf("status %d: %q", got.Code, text)
		}
		if log.Len() > 0 {
			t.Fatalf("the log complains: %s", log.String())
		}
		boxes, err := w.Sandboxes().List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, box := range boxes {
			if _, err := w.Journal(box).List(t.Context(), journalFilter); err != nil {
				t.Fatal(err)
			}
			if err := w.ClearJournal(t.Context(), box); err != nil {
				t.Fatal(err)
			}
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
