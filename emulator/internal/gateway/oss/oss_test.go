package oss_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/oss"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func sandboxKey(id, secret string) sandbox.Key { return sandbox.Key{ID: id, Secret: secret} }

// Hosts and paths as SDKs send them.
func TestTargets(t *testing.T) {
	t.Parallel()
	type target struct{ bucket, object, region string }
	for url, want := range map[string]target{
		"bucket.oss-cn-hangzhou.aliyuncs.com/a/b.txt":         {"bucket", "a/b.txt", "cn-hangzhou"},
		"bucket.oss-cn-hangzhou.aliyuncs.com:4010/a":          {"bucket", "a", "cn-hangzhou"},
		"BUCKET.OSS-us-west-1-internal.aliyuncs.com/a%2Fb":    {"bucket", "a/b", "us-west-1"},
		"oss-cn-hangzhou.aliyuncs.com/bucket/a%20b%2B+":       {"bucket", "a b++", "cn-hangzhou"},
		"127.0.0.1:4010/bucket/a/b.txt":                       {"bucket", "a/b.txt", ""},
		"127.0.0.1:4010/bucket/a%2Fb.txt":                     {"bucket", "a/b.txt", ""},
		"[::1]:4010/bucket/a":                                 {"bucket", "a", ""},
		"127.0.0.1:4010/bucket":                               {"bucket", "", ""},
		"127.0.0.1:4010/bucket/":                              {"bucket", "", ""},
		"127.0.0.1:4010/bucket//a":                            {"bucket", "/a", ""},
		"127.0.0.1:4010/":                                     {"", "", ""},
		"tokenstage:4010/bucket/a":                            {"bucket", "a", ""},
		"bucket.localhost:4010/a":                             {"bucket", "a", ""},
		"localhost:4010/bucket/a":                             {"bucket", "a", ""},
		"bucket.oss-cn-hangzhou.aliyuncs.com.evil.test/one/a": {"one", "a", ""},
		"onsmqtt.cn-hangzhou.aliyuncs.com/one/a":              {"one", "a", ""},
	} {
		host, path, _ := strings.Cut(url, "/")
		bucket, object, region, err := oss.Target(&wire.Request{Host: host, Path: "/" + path})
		if got := (target{bucket, object, region}); got != want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", url, got, err, want)
		}
	}
	if _, _, _, err := oss.Target(&wire.Request{Host: "h", Path: "/bucket/%zz"}); err == nil {
		t.Error("an escape that is none is taken")
	}
}

// What is the gateway's, and what it leaves to others.
func TestClaims(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	gw := oss.New(catalogue)
	for name, c := range map[string]struct {
		req  wire.Request
		want bool
	}{
		"host":             {wire.Request{Method: "GET", Host: "b.oss-cn-hangzhou.aliyuncs.com", Path: "/"}, true},
		"header V1":        {wire.Request{Method: "GET", Path: "/b/o", Header: headers("Authorization", "OSS ak:s")}, true},
		"header V4":        {wire.Request{Method: "GET", Path: "/b/o", Header: headers("Authorization", "OSS4-HMAC-SHA256 x")}, true},
		"own header":       {wire.Request{Method: "GET", Path: "/b/o", Header: headers("x-oss-date", "x")}, true},
		"URL V1":           {wire.Request{Method: "GET", Path: "/b/o", RawQuery: "a=1&OSSAccessKeyId=k"}, true},
		"URL V4":           {wire.Request{Method: "GET", Path: "/b/o", RawQuery: "x-oss-date=1"}, true},
		"a browser asks":   {wire.Request{Method: "OPTIONS", Path: "/b/o", Header: headers("Access-Control-Request-Headers", "authorization, x-oss-date")}, true},
		"asks for another": {wire.Request{Method: "OPTIONS", Path: "/b/o", Header: headers("Access-Control-Request-Headers", "x-acs-date")}, false},
		"form":             {wire.Request{Method: "POST", Path: "/b", Header: headers("Content-Type", "multipart/form-data; boundary=x"), Body: []byte(`name="OSSAccessKeyId"`)}, true},
		"another form":     {wire.Request{Method: "POST", Path: "/router/rest", Header: headers("Content-Type", "multipart/form-data; boundary=x"), Body: []byte(`name="app_key"`)}, false},
		"RPC call":         {wire.Request{Method: "POST", Path: "/", RawQuery: "Action=ApplyToken&Signature=s"}, false},
		"nobody's":         {wire.Request{Method: "GET", Path: "/b/o"}, false},
		"other scheme":     {wire.Request{Method: "GET", Path: "/b/o", Header: headers("Authorization", "OSSX ak:s")}, false},
		"prefix alone":     {wire.Request{Method: "GET", Path: "/b/o", Header: headers("x-oss-", "x")}, false},
		"host of mqtt's":   {wire.Request{Method: "GET", Host: "onsmqtt.cn-hangzhou.aliyuncs.com", Path: "/b"}, false},
	} {
		if c.req.Header == nil {
			c.req.Header = http.Header{}
		}
		if got := gw.Claims(&c.req); got != c.want {
			t.Errorf("%s: claimed %t, want %t", name, got, c.want)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	const (
		usual = `{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject","oss:Get*"],"Resource":["acs:oss:*:*:b/p/*"]}]}`
		one   = `{"Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"acs:oss:cn-*:1?:b*"}]}`
		deny  = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"oss:DeleteObject","Resource":"acs:*:*:*:b/keep/*"}]}`
	)
	for name, c := range map[string]struct {
		policy, action, resource string
		want                     bool
	}{
		"allowed":                 {usual, "oss:PutObject", "b/p/a/b", true},
		"folder itself":           {usual, "oss:PutObject", "b/p/", true},
		"pattern of actions":      {usual, "oss:GetObject", "b/p/a", true},
		"case of actions":         {strings.ToUpper(usual[:60]) + usual[60:], "oss:PutObject", "b/p/a", false}, // members are named as they are
		"another action":          {usual, "oss:DeleteObject", "b/p/a", false},
		"another prefix":          {usual, "oss:PutObject", "b/pp/a", false},
		"another bucket":          {usual, "oss:PutObject", "bb/p/a", false},
		"case of names":           {usual, "oss:PutObject", "b/P/a", false},
		"bucket alone":            {usual, "oss:ListObjects", "b", false},
		"texts in place of lists": {one, "oss:ListObjects", "bucket", true},
		"everything":              {deny, "oss:DeleteObject", "b/other", true},
		"denied":                  {deny, "oss:DeleteObject", "b/keep/a", false},
		"nothing":                 {`{}`, "oss:PutObject", "b/a", false},
		"not JSON":                {`{`, "oss:PutObject", "b/a", false},
	} {
		if got := oss.Allows(c.policy, c.action, c.resource); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestEndpointsFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheme, host string
		real         bool
		want         string
	}{
		"address":   {"http", "127.0.0.1:4010", false, "http://127.0.0.1:4010"},
		"localhost": {"http", "localhost:4010", false, "http://127.0.0.1:4010"},
		"no port":   {"http", "localhost", false, "http://127.0.0.1"},
		"IPv6":      {"http", "[::1]:4010", false, "http://[::1]:4010"},
		"name":      {"http", "tokenstage:4010", false, "http://tokenstage:4010"},
		"real host": {"https", "eco.taobao.com", true, "https://oss-cn-hangzhou.aliyuncs.com"},
	} {
		if got, _ := oss.EndpointsFor(c.scheme, c.host, c.real); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// FuzzMatches: a pattern without wildcards matches itself alone, and a star matches anything.
func FuzzMatches(f *testing.F) {
	f.Add("b/p/*", "b/p/a")
	f.Add("a*b?c**", "axxbyc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		plain := !strings.ContainsAny(pattern, "*?")
		if got := oss.Matches(pattern, text); plain && got != (pattern == text) {
			t.Errorf("%q matches %q: %t", pattern, text, got)
		}
		if !oss.Matches("*", text) || !oss.Matches(pattern+"*", pattern+text) || !oss.Matches(strings.Repeat("?", len(text)), text) {
			t.Errorf("%q, %q: a wildcard does not match", pattern, text)
		}
	})
}

// FuzzRead: whatever comes is read without a panic, and is signed anew so that it carries the signature that it should.
func FuzzRead(f *testing.F) {
	for _, v := range vectors() {
		f.Add(v.req.Method, v.req.Host, v.req.Path, v.req.RawQuery, v.req.Header.Get("Authorization"), "", "")
	}
	f.Add("POST", "h", "/b", "", "", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n--x--")
	f.Add("GET", "h", "/b/%zz", "x-oss-credential=a/b/c/d/e&x-oss-signature-version=OSS4-HMAC-SHA256&%zz=1", "OSS4-HMAC-SHA256 Credential=a", "", "")
	catalogue, err := contract.Builtin()
	if err != nil {
		f.Fatal(err)
	}
	gw := oss.New(catalogue)
	f.Fuzz(func(t *testing.T, method, host, path, query, auth, kind, body string) {
		req := &wire.Request{
			Method: method, Host: host, Path: path, RawQuery: query, Body: []byte(body),
			Header: headers("Authorization", auth, "Content-Type", kind),
		}
		gw.Claims(req)
		x, _ := gw.Read(req)
		if x.Call() == nil {
			t.Fatal("nothing was understood")
		}
		reply := x.Refuse(&wire.Fault{Kind: wire.WrongSignature})
		if reply.Status != http.StatusForbidden || !utf8.Valid(reply.Body) {
			t.Errorf("refused with %d %q", reply.Status, reply.Body)
		}
		signed, err := gw.Sign(req, sandboxKey("ak", "sk"), noon, "")
		if err == nil && oss.Claimed(signed) != oss.Signature(signed, "sk") && auth == "" && !strings.Contains(query, "%") {
			t.Errorf("signed anew as %q, want %q: %q %q", oss.Claimed(signed), oss.Signature(signed, "sk"), path, signed.RawQuery)
		}
	})
}
