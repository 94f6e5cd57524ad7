package fabric_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func oauth(w *world, body string, changes ...func(*wire.Request)) *wire.Request {
	req := w.request(path(oauthPath), header("x-app-key", ""), header("Authorization", ""))
	req.Body = []byte(body)
	for _, change := range changes {
		change(req)
	}
	return req
}

func TestNamesTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]struct {
		req  *wire.Request
		want string
	}{
		"header":                        {w.request(), appKey},
		"body of tokenByAkSk":           {oauth(w, `{"app_key":"k1","app_secret":"s"}`), "k1"},
		"body of tokenByAkSk wins":      {oauth(w, `{"app_key":"k1"}`, header("x-app-key", "k2")), "k1"},
		"header when the body has none": {oauth(w, `{"app_secret":"s"}`, header("x-app-key", "k2")), "k2"},
		"header when it is no JSON":     {oauth(w, `{"app_key":`, header("x-app-key", "k2")), "k2"},
		"no text":                       {oauth(w, `{"app_key":5}`), ""},
		"no object":                     {oauth(w, `["app_key"]`), ""},
		"other case":                    {oauth(w, `{"APP_KEY":"k1"}`), ""},
		"header wins on other calls":    {w.request(body(`{"app_key":"k1"}`)), appKey},
		"body without header":           {w.request(header("x-app-key", ""), body(`{"app_key":"k1"}`)), "k1"},
		"unknown path":                  {oauth(w, `{"app_key":"k1"}`, path("/apigovernance/x")), "k1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, _ := w.gateway.Read(c.req)
			want := wire.Credential{}
			if c.want != "" {
				want = wire.Credential{Kind: wire.FabricApp, ID: c.want}
			}
			if got := x.Call().Credential; got != want {
				t.Fatalf("the credential is %+v, want %+v", got, want)
			}
		})
	}
}

func TestOpenOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := `{"app_key":"` + appKey + `","app_secret":"secret-1"}`
	cases := map[string]struct {
		req    *wire.Request
		status int
	}{
		"no headers":        {oauth(w, good), 200},
		"useless headers":   {oauth(w, good, header("x-app-key", "x"), header("Authorization", "Bearer x")), 200},
		"lifetime":          {oauth(w, good, header("X-Token-Expire", "600")), 200},
		"lifetime of zero":  {oauth(w, good, header("X-Token-Expire", "0")), 400},
		"lifetime below":    {oauth(w, good, header("X-Token-Expire", "-1")), 400},
		"lifetime in words": {oauth(w, good, header("X-Token-Expire", "1h")), 400},
		"lifetime in parts": {oauth(w, good, header("X-Token-Expire", "1.5")), 400},
		"malformed":         {oauth(w, `{`), 400},
		"no secret":         {oauth(w, `{"app_key":"k"}`), 400},
		"empty secret":      {oauth(w, `{"app_key":"k","app_secret":""}`), 400},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if reply, fault, _ := w.answer(t, c.req); reply.Status != c.status {
				t.Fatalf("got %d %s (%v), want %d", reply.Status, reply.Body, fault, c.status)
			}
		})
	}
}

func TestReadsParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.request(method(http.MethodGet), path(pollPath), header("ccmessaging-token", clientToken),
		query("receiverId=u%201&channel=WEB&isNeedRead=true&receiverId=second"))
	reply, fault, x := w.answer(t, req)
	if reply.Status != 200 {
		t.Fatalf("got %d: %+v", reply.Status, fault.Findings)
	}
	call := x.Call()
	if call.Gateway != "fabric" || call.API != "ccmessaging" || call.Operation != "poll" {
		t.Errorf("the call is %s %s %s", call.Gateway, call.API, call.Operation)
	}
	if call.Params["receiverId"] != "u 1" || call.Params["isNeedRead"] != true || call.Text["channel"] != "WEB" {
		t.Errorf("the parameters are %v and %v", call.Params, call.Text)
	}
}

func FuzzAnswer(f *testing.F) {
	w := newWorld(f)
	f.Add("POST", applyPath, "", appKey, "Bearer "+w.token, applyBody)
	f.Add("POST", oauthPath, "", "", "", `{"app_key":"k","app_secret":"s"}`)
	f.Add("GET", pollPath, "receiverId=u&channel=WEB&a=%zz", appKey, "Bearer  x", "")
	f.Add("", "/apiaccess/ccmessaging/%zz", "", " ", " ", "\xff")
	f.Fuzz(func(t *testing.T, method, path, query, app, auth, body string) {
		req := &wire.Request{
			Method: method, Path: path, RawQuery: query, Body: []byte(body),
			Header: http.Header{"X-App-Key": {app}, "Authorization": {auth}, "Ccmessaging-Token": {clientToken}},
		}
		reply, fault, x := w.answer(t, req)
		var object map[string]any
		if err := json.Unmarshal(reply.Body, &object); err != nil {
			t.Fatalf("the reply %q is no JSON object: %v", reply.Body, err)
		}
		if fault == nil {
			return
		}
		if fault.Kind == wire.Internal || reply.Status < 400 || object["errorCode"] != "0" {
			t.Fatalf("got %d %s: %v", reply.Status, reply.Body, fault)
		}
		if len(fault.Findings) == 0 {
			t.Fatalf("nothing explains %v", fault)
		}
		if x.Call().Credential.ID == "" && x.Call().Credential.Kind != "" {
			t.Fatalf("the credential %+v has no id", x.Call().Credential)
		}
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var x gateway.Exchange
	x, err := w.gateway.Read(w.request())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := x.NewID(w.turn(t)), x.NewID(w.turn(t)); len(a) != 36 || a == b || strings.ToLower(a) != a {
		t.Fatalf("the ids are %q and %q", a, b)
	}
}
