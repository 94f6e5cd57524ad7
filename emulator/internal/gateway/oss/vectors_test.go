package oss_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/oss"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// vector is a request with the signature that a source outside of this repository gives for it.
type vector struct {
	req    wire.Request
	secret string
}

// query is that of the vectors of the SDK, encoded as it encodes it.
func query(further url.Values) string {
	values := url.Values{
		"param1": {"value1"}, "+param1": {"value3"}, "|param1": {"value4"}, "+param2": {""}, "|param2": {""}, "param2": {""},
	}
	for name, list := range further {
		values[name] = list
	}
	return values.Encode()
}

func headers(pairs ...string) http.Header {
	header := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return header
}

// vectors are that of the documentation ("Add signatures to headers", version 1), and those of the tests of SDK
// alibabacloud-oss-go-sdk-v2 1.6.1 (oss/signer/signer_test.go).
func vectors() map[string]vector {
	const host, path = "bucket.oss-cn-hangzhou.aliyuncs.com", "/1234%2B-/123/1.txt"
	v4 := func(date, signature, additional string, further ...string) vector {
		header := headers(append([]string{
			"x-oss-head1", "value", "abc", "value", "ZAbc", "value", "XYZ", "value", "content-type", "text/plain",
			"x-oss-content-sha256", "UNSIGNED-PAYLOAD", "x-oss-date", date,
			"Authorization", "OSS4-HMAC-SHA256 Credential=ak/" + date[:8] + "/cn-hangzhou/oss/aliyun_v4_request," +
				additional + "Signature=" + signature,
		}, further...)...)
		return vector{wire.Request{Method: "PUT", Host: host, Path: path, RawQuery: query(nil), Header: header}, "sk"}
	}
	urlV4 := func(date, signature string, further url.Values) vector {
		for name, value := range map[string]string{
			"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": date, "x-oss-expires": "599",
			"x-oss-credential": "ak/" + date[:8] + "/cn-hangzhou/oss/aliyun_v4_request", "x-oss-signature": signature,
		} {
			further.Set(name, value)
		}
		header := headers("x-oss-head1", "value", "abc", "value", "content-type", "application/octet-stream")
		return vector{wire.Request{Method: "PUT", Host: host, Path: path, RawQuery: query(further), Header: header}, "sk"}
	}
	urlV1 := func(path, query string) vector {
		return vector{wire.Request{Method: "GET", Host: host, Path: path, RawQuery: query, Header: http.Header{}}, "sk"}
	}
	return map[string]vector{
		"documented, V1": {wire.Request{
			Method: "PUT", Host: "oss-example.oss-cn-hangzhou.aliyuncs.com", Path: "/nelson", Header: headers(
				"Content-Md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=", "Content-Type", "text/html",
				"Date", "Thu, 17 Nov 2005 18:49:58 GMT", "X-OSS-Meta-Author", "foo@bar.com", "X-OSS-Magic", "abracadabra",
				"Authorization", "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA="),
		}, "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"},
		"V1 in a URL": urlV1("/key",
			"Expires=1699807420&OSSAccessKeyId=ak&Signature=dcLTea%2BYh9ApirQ8o8dOPqtvJXQ%3D&versionId=versionId"),
		"V1 in a URL with a token": urlV1("/key%2B123", "Expires=1699808204&OSSAccessKeyId=ak&"+
			"Signature=jzKYRrM5y6Br0dRFPaTGOsbrDhY%3D&security-token=token&versionId=versionId"),
		"V4": v4("20231216T162057Z", "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe", ""),
		"V4 with a token": v4("20231217T034736Z", "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea", "",
			"x-oss-security-token", "token"),
		"V4 with additional headers": v4("20231216T172512Z",
			"4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f", "AdditionalHeaders=abc;zabc,"),
		"V4 in a URL": urlV4("20231217T025437Z",
			"a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe", url.Values{}),
		"V4 in a URL with a token": urlV4("20231217T035628Z",
			"3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5", url.Values{"x-oss-security-token": {"token"}}),
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		if got, want := oss.Signature(&v.req, v.secret), oss.Claimed(&v.req); got != want || want == "" {
			t.Errorf("%s: computed %s, the source has %q", name, got, want)
		}
	}
}

// TestFlippedVectors changes what every signature covers.
func TestFlippedVectors(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		for what, change := range map[string]func(*wire.Request){
			"method": func(r *wire.Request) { r.Method = "DELETE" },
			"object": func(r *wire.Request) { r.Path += "x" },
			"bucket": func(r *wire.Request) { r.Host = "x" + r.Host },
			"header": func(r *wire.Request) { r.Header.Set("x-oss-further", "1") },
			"type":   func(r *wire.Request) { r.Header.Set("Content-Type", "text/x-other") },
			"subresource": func(r *wire.Request) {
				r.RawQuery = strings.TrimPrefix(r.RawQuery+"&uploads", "&")
			},
		} {
			changed := v.req
			changed.Header = v.req.Header.Clone()
			change(&changed)
			if oss.Signature(&changed, v.secret) == oss.Claimed(&v.req) {
				t.Errorf("%s: the signature does not cover the %s", name, what)
			}
		}
		if oss.Signature(&v.req, v.secret+"x") == oss.Claimed(&v.req) {
			t.Errorf("%s: the signature does not depend on the secret", name)
		}
	}
}

// TestSignedAnew: a request that is signed anew carries the signature that it should.
func TestSignedAnew(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		key := sandboxKey("other", "another secret")
		signed, err := oss.Profile{}.Sign(&v.req, key, noon, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := oss.Claimed(signed), oss.Signature(signed, key.Secret); got != want || got == oss.Claimed(&v.req) {
			t.Errorf("%s: carries %s, want %s", name, got, want)
		}
	}
}
