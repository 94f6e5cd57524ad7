package mcptools_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature version 1.0 is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Styles in which programs sign.
const (
	rpc = "rpc" // acs, version 1.0
	v3  = "v3"  // acs, ACS3-HMAC-SHA256
	top = "top"
)

// program is an app that signs by itself. Its fields are the choices that its author made in the source, and may edit.
type program struct {
	style, url, host string
	keyID, secret    string
	method, action   string
	params           map[string]string
	skew             time.Duration
	nonce            string // empty: a new one for each call

	signedMethod string // empty: as sent
	encoding     string // of names and values, one of encodings
	leftOut      string // a parameter that is not signed
	order        string // one of orders
	signedHost   string // empty: as sent
	slash        string
	payload      string // whose digest is signed: body or nothing
}

var (
	encodings = map[string]func(string) string{
		"RFC 3986": escape, "form": url.QueryEscape, "twice": func(s string) string { return escape(escape(s)) },
		"none": func(s string) string { return s }, "lower case": func(s string) string {
			out := ""
			for _, c := range []byte(s) {
				if e := escape(string([]byte{c})); e[0] == '%' {
					out += strings.ToLower(e)
				} else {
					out += e
				}
			}
			return out
		},
	}
	orders = map[string]func(a, b string) int{
		"by byte": strings.Compare,
		"by letter": func(a, b string) int {
			return strings.Compare(strings.ToLower(a), strings.ToLower(b))
		},
		"from last to first": func(a, b string) int { return strings.Compare(b, a) },
	}
)

func escape(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

// good is the program as it should be.
func good(style string, box sandboxAnswer) program {
	p := program{
		style: style, encoding: "RFC 3986", order: "by byte", slash: "%2F", payload: "body", method: http.MethodPost,
	}
	switch style {
	case top:
		key := box.Sandbox.Credentials[top][0]
		p.url, p.keyID, p.secret = box.Sandbox.Endpoints[top], key["appKey"], key["appSecret"]
		p.action = "alibaba.security.deepvision.proxy.security.common.token.get"
		p.params = map[string]string{"param": `{"product_code":"oss","scene_code":"s","usage_scene":"upload","op_poi_id":"p","op_tenant_code":"t"}`}
	default:
		key := box.Sandbox.Credentials["acs"][0]
		p.url, p.keyID, p.secret = "http://"+box.Sandbox.Endpoints["acs"]+"/", key["accessKeyId"], key["accessKeySecret"]
		p.action = "ApplyToken"
		p.params = map[string]string{"InstanceId": "post-cn-a", "Resources": "a topic/+,b*~", "Actions": "R"}
	}
	p.host = strings.SplitN(p.url, "/", 4)[2]
	return p
}

// call is one request before it is signed.
type call struct {
	method, host string
	params       map[string]string
	headers      map[string]string // that are signed
}

// nonces counts those of all programs.
var nonces atomic.Int64

// prepare makes the request that the program sends at a time.
func (p program) prepare(now time.Time) call {
	nonce := p.nonce
	if nonce == "" {
		nonce = fmt.Sprintf("nonce-%d", nonces.Add(1))
	}
	at := now.Add(p.skew).UTC()
	c := call{method: p.method, host: p.host, params: maps.Clone(p.params), headers: map[string]string{}}
	switch p.style {
	case rpc:
		c.params["ExpireTime"] = fmt.Sprint(now.Add(time.Hour).UnixMilli())
		maps.Copy(c.params, map[string]string{
			"Action": p.action, "Version": "2020-04-20", "Format": "JSON", "AccessKeyId": p.keyID, "SignatureMethod": "HMAC-SHA1",
			"SignatureVersion": "1.0", "SignatureNonce": nonce, "Timestamp": at.Format("2006-01-02T15:04:05Z"),
		})
	case v3:
		c.params["ExpireTime"] = fmt.Sprint(now.Add(time.Hour).UnixMilli())
		c.headers = map[string]string{
			"host": c.host, "x-acs-action": p.action, "x-acs-version": "2020-04-20", "x-acs-signature-nonce": nonce,
			"x-acs-date": at.Format("2006-01-02T15:04:05Z"), "x-acs-content-sha256": digest(""),
		}
	case top:
		maps.Copy(c.params, map[string]string{
			"method": p.action, "app_key": p.keyID, "v": "2.0", "format": "json", "sign_method": "hmac-sha256",
			"timestamp": at.In(time.FixedZone("", 8*60*60)).Format(time.DateTime),
		})
	}
	return c
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// text is what the program signs of a request.
func (p program) text(c call) string {
	names := slices.SortedFunc(maps.Keys(c.params), orders[p.order])
	names = slices.DeleteFunc(names, func(name string) bool { return name == p.leftOut })
	encode := encodings[p.encoding]
	method, host := c.method, c.host
	if p.signedMethod != "" {
		method = p.signedMethod
	}
	if p.signedHost != "" {
		host = p.signedHost
	}
	pairs, plain := []string{}, ""
	for _, name := range names {
		pairs = append(pairs, encode(name)+"="+encode(c.params[name]))
		plain += name + c.params[name]
	}
	query := strings.Join(pairs, "&")
	switch p.style {
	case top:
		return plain
	case rpc:
		return method + "&" + p.slash + "&" + escape(query)
	}
	signed := slices.Sorted(maps.Keys(c.headers))
	text := method + "\n/\n" + query + "\n"
	for _, name := range signed {
		value := c.headers[name]
		if name == "host" {
			value = host
		}
		text += name + ":" + value + "\n"
	}
	payload := c.headers["x-acs-content-sha256"]
	if p.payload == "nothing" {
		payload = "UNSIGNED-PAYLOAD"
	}
	return text + "\n" + strings.Join(signed, ";") + "\n" + payload
}

// sign makes the request.
func (p program) sign(t *testing.T, c call) *http.Request {
	t.Helper()
	query, form := url.Values{}, url.Values{}
	for name, value := range c.params {
		query.Set(name, value)
	}
	text := p.text(c)
	headers := http.Header{}
	switch p.style {
	case rpc:
		mac := hmac.New(sha1.New, []byte(p.secret+"&"))
		mac.Write([]byte(text))
		query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	case v3:
		mac := hmac.New(sha256.New, []byte(p.secret))
		mac.Write([]byte("ACS3-HMAC-SHA256\n" + digest(text)))
		for name, value := range c.headers {
			headers.Set(name, value)
		}
		headers.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+p.keyID+",SignedHeaders="+
			strings.Join(slices.Sorted(maps.Keys(c.headers)), ";")+",Signature="+hex.EncodeToString(mac.Sum(nil)))
	case top:
		mac := hmac.New(sha256.New, []byte(p.secret))
		mac.Write([]byte(text))
		query.Set("sign", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
		query, form = form, query
		headers.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	}
	target := p.url
	if len(query) > 0 {
		target += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = headers
	return req
}

// send calls the service once. It returns what was sent and the request id that the reply carries.
func (p program) send(t *testing.T, now time.Time) (c call, status int, id string) {
	t.Helper()
	c = p.prepare(now)
	reply, err := http.DefaultClient.Do(p.sign(t, c))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said any
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return c, reply.StatusCode, requestID(said)
}

// requestID finds the id in a reply, however deep it stands.
func requestID(said any) string {
	members, _ := said.(map[string]any)
	for name, value := range members {
		if id, ok := value.(string); ok && (name == "RequestId" || name == "request_id") {
			return id
		}
		if id := requestID(value); id != "" {
			return id
		}
	}
	return ""
}
