package emulator_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
)

// oss signs with the AccessKey of the caller of acs: both gateways know the same keys.
func (w *world) oss() *gatewaytest.OSS {
	return &gatewaytest.OSS{
		AccessKeyID: w.acs.AccessKeyID, AccessKeySecret: w.acs.AccessKeySecret, SecurityToken: w.acs.SecurityToken,
		Now: w.acs.Now,
	}
}

// anotherOperation stands for a parameter without which a request is one of another operation.
const anotherOperation = "another operation"

func ossDriver() driver {
	late := func(d time.Duration) func(w *world) {
		return func(w *world) { w.acs.Now = func() time.Time { return instant.Add(d) } }
	}
	form := func(op *contract.Operation) bool { return op.ID == "PostObject" }
	unless := func(code, ofForm string) func(*contract.Operation) string {
		return func(op *contract.Operation) string {
			if form(op) {
				return ofForm
			}
			return code
		}
	}
	return driver{
		valid: validOSS,
		attacks: map[string]attack{
			"unsigned": {change: func(r *gatewaytest.Request) {
				r.Header.Del("Authorization")
				r.Header.Set("x-oss-date", "20260301T080000Z") // what makes it the gateway's
				r.Body = strings.NewReplacer("OSSAccessKeyId", "x-oss-a", "Signature", "x-oss-b").Replace(r.Body)
			}, code: always("AccessDenied")},
			"tampered": {change: tamperOSS, code: always("SignatureDoesNotMatch")},
			"expired":  {prepare: late(-16 * time.Minute), code: unless("RequestTimeTooSkewed", "")},
			"ahead":    {prepare: late(16 * time.Minute), code: unless("RequestTimeTooSkewed", "")},
			"replayed": {twice: true, code: func(op *contract.Operation) string {
				if op.ID == "CompleteMultipartUpload" || op.ID == "AbortMultipartUpload" {
					return "NoSuchUpload" // it has ended
				}
				return ""
			}},
			"wrong key":    {prepare: func(w *world) { w.acs.AccessKeyID = "nobody" }, code: always("InvalidAccessKeyId")},
			"wrong secret": {prepare: func(w *world) { w.acs.AccessKeySecret = "other" }, code: always("SignatureDoesNotMatch")},
			"signed twice": {change: func(r *gatewaytest.Request) {
				r.Query.Set("OSSAccessKeyId", "ak")
				r.Header.Set("Authorization", "OSS ak:AAAA")
			}, code: always("InvalidArgument")},
			"two credentials": {change: func(r *gatewaytest.Request) {
				r.Header.Set("Authorization", r.Header.Get("Authorization")+",Credential=other/20260301/cn-hangzhou/oss/aliyun_v4_request")
			}, code: refused},
			"signature of another version": {change: func(r *gatewaytest.Request) {
				r.Header.Set("Authorization", "OSS2 AccessKeyId:ak,Signature:AAAA")
			}, code: always("InvalidArgument")},
		},
		missing: func(_ *contract.Operation, name string) string {
			if slices.Contains([]string{"partNumber", "key"}, name) {
				return map[string]string{"partNumber": "InvalidArgument", "key": "InvalidObjectName"}[name]
			}
			return anotherOperation
		},
	}
}

func tamperOSS(r *gatewaytest.Request) {
	if strings.Contains(r.Body, "policy") {
		r.Body = strings.Replace(r.Body, "name=\"policy\"\r\n\r\ney", "name=\"policy\"\r\n\r\neyA", 1)
		return
	}
	r.Header.Set("x-oss-meta-tampered", "1")
}

// validOSS makes what an operation is about first: the object that it reads, the upload that it goes on with.
func validOSS(t *testing.T, w *world, op *contract.Operation, text map[string]string, _ []byte) gatewaytest.Request {
	t.Helper()
	if op.ID == "PostObject" {
		return w.ossForm(text)
	}
	r := gatewaytest.Request{
		Method: op.Methods[0], Host: host, Query: url.Values{}, Header: http.Header{},
		Path: "/" + text["bucket"] + "/" + text["object"],
	}
	for _, in := range op.Inputs {
		if value, ok := text[in.Name]; ok && in.In == "query" {
			r.Query.Set(in.Name, value)
		}
	}
	switch op.ID {
	case "PutObject":
		r.Body = "meow"
	case "GetObject", "HeadObject", "DeleteObject":
		w.byOwner(t, gatewaytest.Request{Method: http.MethodPut, Host: host, Path: r.Path, Body: "meow"})
	case "GetBucketLocation":
		r.Query.Set("location", "")
	case "GetBucketInfo":
		r.Query.Set("bucketInfo", "")
	case "InitiateMultipartUpload":
		r.Query.Set("uploads", "")
	case "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts":
		r = w.inUpload(t, r, text)
	}
	return w.oss().V4(r)
}

// byOwner makes a call that a request builds on, with the key of the sandbox whatever the test changed of the caller's.
func (w *world) byOwner(t *testing.T, r gatewaytest.Request) answer {
	t.Helper()
	key := gatewaytest.Read(w.box.Credentials).ACS[0]
	owner := &gatewaytest.OSS{
		AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret, Now: func() time.Time { return instant },
	}
	got := w.do(t, owner.V4(r))
	if got.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", r.Method, r.Path, got.status, got.body)
	}
	return got
}

// inUpload begins an upload with one part, and makes a request one of it.
func (w *world) inUpload(t *testing.T, r gatewaytest.Request, text map[string]string) gatewaytest.Request {
	t.Helper()
	begun := w.byOwner(t, gatewaytest.Request{
		Method: http.MethodPost, Host: host, Path: r.Path, Query: url.Values{"uploads": {""}},
	})
	id := between(begun.body, "<UploadId>", "<")
	part := w.byOwner(t, gatewaytest.Request{
		Method: http.MethodPut, Host: host, Path: r.Path, Body: "meow",
		Query: url.Values{"uploadId": {id}, "partNumber": {"1"}},
	})
	if _, wanted := text["uploadId"]; wanted {
		r.Query.Set("uploadId", id)
	}
	if r.Method == http.MethodPost {
		r.Body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + part.header.Get("Etag") +
			"</ETag></Part></CompleteMultipartUpload>"
	}
	if r.Method == http.MethodPut {
		r.Body = "meow"
	}
	return r
}

func (w *world) ossForm(text map[string]string) gatewaytest.Request {
	fields := map[string]string{}
	for name, value := range text {
		if name != "bucket" {
			fields[name] = value
		}
	}
	const policy = `{"expiration":"9999-12-31T23:59:59.999999999Z","conditions":[["content-length-range",0,100]]}`
	return w.oss().Form(host, text["bucket"], policy, "meow", fields)
}

// TestOSSSignatures: each way to sign passes, and none does once a signed part differs.
func TestOSSSignatures(t *testing.T) {
	t.Parallel()
	const path = "/deepvision/a%20b/%2B%252F%7E%2A%C3%A9.txt"
	put := func() gatewaytest.Request {
		return gatewaytest.Request{
			Method: http.MethodPut, Host: host, Path: path, Body: "meow", Query: url.Values{},
			Header: http.Header{"Content-Type": {"text/x-cat"}, "X-Oss-Meta-A": {"b c"}},
		}
	}
	get := func() gatewaytest.Request {
		query := url.Values{"response-content-type": {"a/b c+d"}}
		return gatewaytest.Request{Method: http.MethodGet, Host: host, Path: path, Query: query}
	}
	w := newWorld(t)
	for name, sign := range map[string]func(gatewaytest.Request) gatewaytest.Request{
		"V1": func(r gatewaytest.Request) gatewaytest.Request { return w.oss().V1(r, "response-content-type") },
		"V4": func(r gatewaytest.Request) gatewaytest.Request { return w.oss().V4(r) },
		"V1 URL": func(r gatewaytest.Request) gatewaytest.Request {
			return w.oss().URLV1(r, instant.Add(time.Minute), "response-content-type")
		},
		"V4 URL": func(r gatewaytest.Request) gatewaytest.Request { return w.oss().URLV4(r, time.Minute) },
	} {
		for _, request := range []func() gatewaytest.Request{put, get} {
			if got := w.do(t, sign(request())); got.code != "" {
				t.Errorf("%s %s: %d %s", name, request().Method, got.status, got.body)
			}
			for what, spoil := range map[string]func(*gatewaytest.Request){
				"method": func(r *gatewaytest.Request) { r.Method = http.MethodDelete },
				"object": func(r *gatewaytest.Request) { r.Path += "x" },
				"bucket": func(r *gatewaytest.Request) { r.Path = "/deepvisio" + strings.TrimPrefix(r.Path, "/deepvision") },
				"header": func(r *gatewaytest.Request) { r.Header.Set("x-oss-meta-a", "other") },
				"query":  func(r *gatewaytest.Request) { r.Query.Set("response-expires", "0") },
			} {
				r := sign(request())
				spoil(&r)
				got := w.do(t, r)
				if got.code != "SignatureDoesNotMatch" {
					t.Errorf("%s %s with another %s: %d %s", name, request().Method, what, got.status, got.body)
				}
				cause := map[bool]string{true: "0002-00000201", false: "0002-00000040"}[strings.HasPrefix(name, "V4")]
				if got.header.Get("X-Oss-Ec") != cause || !strings.Contains(got.body, "<EC>"+cause+"</EC>") {
					t.Errorf("%s: the cause is %s, want %s", name, got.header.Get("X-Oss-Ec"), cause)
				}
			}
		}
	}
}

// TestIssuedCredentialsAtOSS: what the gateway top issues is good at the place that its policy names, in its own
// sandbox, with its own token, until it ends, is revoked or its sandbox is reset.
func TestIssuedCredentialsAtOSS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issued, other := w.issueForOSS(t), w.issueForOSS(t)
	put := func(caller gatewaytest.OSS, path string) answer {
		return w.do(t, caller.V4(gatewaytest.Request{Method: http.MethodPut, Host: host, Path: path, Body: "meow"}))
	}
	const good = "/deepvision/tenant/poi/cat.txt"
	without, foreign, spoilt := *issued, *issued, *issued
	without.SecurityToken, foreign.SecurityToken, spoilt.SecurityToken = "", other.SecurityToken, "CAIS"+base64.StdEncoding.EncodeToString([]byte("none"))
	for name, c := range map[string]struct {
		caller     *gatewaytest.OSS
		path, code string
	}{
		"where it may":          {issued, good, ""},
		"another prefix":        {issued, "/deepvision/tenant/other/cat.txt", "AccessDenied"},
		"a longer name":         {issued, "/deepvision/tenant/poi2/cat.txt", "AccessDenied"},
		"another bucket":        {issued, "/elsewhere/tenant/poi/cat.txt", "AccessDenied"},
		"without its token":     {&without, good, "InvalidAccessKeyId"},
		"token of another key":  {&foreign, good, "InvalidSecurityToken"},
		"a token that is none":  {&spoilt, good, "InvalidSecurityToken"},
		"an AccessKey may more": {w.oss(), "/elsewhere/cat.txt", ""},
	} {
		if got := put(*c.caller, c.path); got.code != c.code {
			t.Errorf("%s: %d %s, want %q", name, got.status, got.body, c.code)
		}
	}
	for name, end := range ends() {
		w := newWorld(t)
		issued := w.issueForOSS(t)
		tokens, err := w.Tokens(t.Context(), w.box)
		if err != nil || len(tokens) != 1 {
			t.Fatalf("%d tokens, %v", len(tokens), err)
		}
		end.do(t, w, &grant{Token: tokens[0]})
		issued.Now = w.now
		got := w.do(t, issued.V4(gatewaytest.Request{Method: http.MethodPut, Host: host, Path: good, Body: "meow"}))
		if got.code != "SecurityTokenExpired" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// now is the sandbox's clock.
func (w *world) now() time.Time {
	clock, err := w.box.Clock(context.Background())
	if err != nil {
		panic(err)
	}
	return clock.Now
}

// issueForOSS asks the gateway top for credentials.
func (w *world) issueForOSS(t *testing.T) *gatewaytest.OSS {
	t.Helper()
	op := operation(t, w, "deepvision", "SecurityTokenGet")
	g := w.grantOf(t, op)
	result := g.reply["alibaba_security_deepvision_proxy_security_common_token_get_response"].(map[string]any)["result"].(map[string]any)
	return &gatewaytest.OSS{
		AccessKeyID: result["access_key_id"].(string), AccessKeySecret: result["access_key_secret"].(string),
		SecurityToken: result["token"].(string), Now: w.acs.Now,
	}
}
