package top_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// What is signed anew is good, whatever its method and wherever its parameters are.
func TestSign(t *testing.T) {
	t.Parallel()
	const later = 12 * time.Hour
	stale := with(public(), "app_key", "other", "sign", "00")
	inQuery := &wire.Request{Method: http.MethodGet, Path: "/router/rest", RawQuery: encode(stale)}
	split := post(map[string]string{"param": goodParam})
	split.RawQuery = encode(with(stale, "param", "-"))
	multi := &wire.Request{
		Method: http.MethodPost, Path: "/router/rest",
		Header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}},
	}
	for name, value := range stale {
		multi.Body = append(multi.Body, "--b\r\nContent-Disposition: form-data; name=\""+name+"\"\r\n\r\n"+value+"\r\n"...)
	}
	multi.Body = append(multi.Body, "--b--"...)
	for name, req := range map[string]*wire.Request{
		"md5":            post(stale),
		"hmac":           post(with(stale, "sign_method", "hmac")),
		"hmac-sha256":    post(with(stale, "sign_method", "hmac-sha256")),
		"unknown method": post(with(stale, "sign_method", "none")),
		"unsigned":       post(with(stale, "sign_method", "-", "sign", "-", "app_key", "-", "timestamp", "-")),
		"in the query":   inQuery,
		"in both":        split,
		"multipart":      multi,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon.Add(later))
			signed, err := w.gateway.Sign(req, sandbox.Key{ID: appKey, Secret: appSecret}, noon.Add(later), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := w.send(t, signed, wire.Result{}); got.reply.Outcome != "ok" {
				t.Errorf("got outcome %s: %+v", got.reply.Outcome, got.fault)
			}
			tampered := gateway.CopyRequest(signed)
			tampered.RawQuery = strings.Replace(signed.RawQuery, "format=json", "format=JSON", 1)
			tampered.Body = []byte(strings.Replace(string(signed.Body), "oss", "osS", 1))
			if got := w.send(t, tampered, wire.Result{}); got.reply.Outcome != "25" {
				t.Errorf("tampered with: got outcome %s", got.reply.Outcome)
			}
		})
	}
	w := newWorld(t, appSecret, noon)
	if _, err := w.gateway.Sign(post(stale), sandbox.Key{ID: appKey}, noon, ""); err == nil {
		t.Error("signed without a secret")
	}
	unread := post(nil)
	unread.Body = []byte("a=%zz")
	if _, err := w.gateway.Sign(unread, sandbox.Key{ID: appKey, Secret: appSecret}, noon, ""); err == nil {
		t.Error("signed what cannot be read")
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		req  *wire.Request
		want gateway.RepeatResult
	}{
		"signed":            {post(signed(public(), appSecret)), gateway.RepeatRefused},
		"masked":            {&wire.Request{RawQuery: "sign=%zz&a=" + url.QueryEscape("[secret]")}, gateway.RepeatRefused},
		"multipart, cut":    {&wire.Request{Body: []byte("--b\r\nContent-Disposition: form-data; name=\"sign\"\r\n")}, gateway.RepeatRefused},
		"without signature": {post(public()), gateway.RepeatSame},
	} {
		if got := (top.Profile{}).Repeat(c.req); got.Result != c.want || got.Why == "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestScheme(t *testing.T) {
	t.Parallel()
	scheme := top.Profile{}.Scheme()
	got, err := scheme.Parse(json.RawMessage(`{"appKey":"1","appSecret":"abcd"}`))
	want := []sandbox.ListedKey{{
		Key:   sandbox.Key{ID: "1", Secret: "abcd"},
		Names: wire.Credential{Kind: wire.TopApp, ID: "1"}, Secrets: []string{"abcd"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || scheme.Name() != "top" {
		t.Errorf("%v: %s", err, diff)
	}
	for raw, want := range map[string]string{
		`{}`:                                 "needs both appKey and appSecret",
		`null`:                               "needs both appKey and appSecret",
		`{"appKey":"1"}`:                     "needs both appKey and appSecret",
		`{"appKey":"1","appSecret":"abc"}`:   "at least 4 characters",
		`{"appKey":"1","appSecret":"abcd"}x`: "one JSON object",
		`{"appKey":"1","bearerToken":"a"}`:   "unknown field",
		`{"appKey":"1","appSecret":"` + strings.Repeat("x", 8<<10+1) + `"}`: "more than 8192 bytes",
	} {
		if _, err := scheme.Parse(json.RawMessage(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: got %v, want %s", raw, err, want)
		}
	}
	draw := func(n int, alphabet string) string { return strings.Repeat(alphabet[:1], n) }
	drawn := `{"appKey":"9000000000","appSecret":"` + strings.Repeat("0", 32) + `"}`
	if got := string(scheme.Draw(draw, nil)); got != drawn {
		t.Errorf("drew %s", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	profile := top.Profile{}
	address := []settings.Variable{{Name: "TOP_URL", Value: "http://127.0.0.1:4010/router/rest"}}
	none, err := profile.Settings("127.0.0.1:4010", nil)
	if diff := cmp.Diff(settings.Settings{Address: address}, none); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	app := json.RawMessage(`{"appKey":"1","appSecret":"it's"}`)
	got, err := profile.Settings("127.0.0.1:4010", []json.RawMessage{app, nil})
	if err != nil {
		t.Fatal(err)
	}
	want := []settings.Variable{{Name: "TOP_APP_KEY", Value: "1"}, {Name: "TOP_APP_SECRET", Value: "it's"}}
	if diff := cmp.Diff(want, got.Credential) + cmp.Diff(address, got.Address); diff != "" {
		t.Error(diff)
	}
	for _, text := range got.Groups[0].Texts {
		secret := map[string]string{
			"url": "it's", "python": "it's", "java": `"it's"`, "csharp": `"it's"`, "php": `'it\'s'`, "node": `'it\'s'`,
			"node-topclient": `'it\'s'`, "python-plain": `'it\'s'`, "ruby": `'it\'s'`,
		}[text.Name]
		if secret == "" || !strings.Contains(text.Text, secret) || !strings.Contains(text.Text, "127.0.0.1") {
			t.Errorf("%s: %s", text.Title, text.Text)
		}
	}
	if hidden, err := profile.Hidden(app); err != nil || string(hidden) != `{"appKey":"1","appSecret":"<app secret>"}` {
		t.Errorf("hidden: %s, %v", hidden, err)
	}
	if got := profile.Selector("/router/rest", "a.b", "2.0"); got != "method=a.b" {
		t.Errorf("selector %s", got)
	}
}
