package acs_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The content types of bodies.
const (
	formContent = "application/x-www-form-urlencoded"
	jsonContent = "application/json; charset=utf-8"
)

// client signs a draft, written a second time here from the vendor's signature pages. Its fields are what real clients
// do differently, rightly or not.
type client struct {
	id, secret    string
	securityToken string
	bearer        string
	at            string // the time that the request carries
	nonce         string
	escape        func(string) string // the encoding that is signed
	spell         func(string) string // the encoding on the wire
	rpcSuffix     string              // to the secret
	inForm        bool                // RPC: the common parameters travel in the form
	bareEmpty     bool                // ROA: an empty value is signed as "k"
	algorithm     string              // V3
	leaveOut      []string            // V3: headers that are not signed
	list          func([]string) []string
	change        func(string) string // of the string that is signed, at the last moment
}

func newClient() *client {
	return &client{
		id: keyID, secret: keySecret, at: iso(noon), nonce: "nonce-1", escape: rfc3986, spell: url.QueryEscape,
		rpcSuffix: "&", algorithm: "ACS3-HMAC-SHA256", change: func(text string) string { return text },
	}
}

// request puts the draft on the wire.
func (c *client) request(d draft) *wire.Request {
	req := &wire.Request{
		Method: d.method, Path: d.path, Host: d.host, RawQuery: d.query.join(c.spell), Header: http.Header{},
		Body: []byte(d.body),
	}
	for name, values := range d.header {
		for _, value := range values {
			req.Header.Add(name, value)
		}
	}
	if len(d.form) > 0 {
		req.Body = []byte(d.form.join(c.spell))
		req.Header.Set("Content-Type", formContent)
	}
	return req
}

// rpcCommon are the common parameters of RPC v1 but the signature.
func (c *client) rpcCommon(action, version string) pairs {
	common := pairs{
		{"Action", action},
		{"Version", version},
		{"Format", "JSON"},
		{"SignatureMethod", "HMAC-SHA1"},
		{"SignatureVersion", "1.0"},
		{"SignatureNonce", c.nonce},
		{"Timestamp", c.at},
		{"AccessKeyId", c.id},
	}
	if c.securityToken != "" {
		common = append(common, [2]string{"SecurityToken", c.securityToken})
	}
	if c.bearer != "" {
		common = append(common, [2]string{"BearerToken", c.bearer}, [2]string{"SignatureType", "BEARERTOKEN"})
	}
	return common
}

// rpc signs with RPC v1. Parameters that the draft names itself replace the common ones; "-" takes one out.
func (c *client) rpc(d draft, action, version string) *wire.Request {
	own := map[string]bool{}
	for _, one := range slices.Concat(d.query, d.form) {
		own[one[0]] = true
	}
	common := slices.DeleteFunc(c.rpcCommon(action, version), func(one [2]string) bool { return own[one[0]] })
	absent := func(one [2]string) bool { return one[1] == "-" }
	d.query = slices.DeleteFunc(slices.Clone(d.query), absent)
	d.form = slices.DeleteFunc(slices.Clone(d.form), absent)
	place := &d.query
	if c.inForm {
		place = &d.form
	}
	*place = append(*place, common...)
	*place = append(*place, [2]string{"Signature", c.sha1(c.secret+c.rpcSuffix, c.rpcString(d))})
	return c.request(d)
}

func (c *client) rpcString(d draft) string {
	all := slices.Concat(d.query, d.form).sorted()
	return c.change(d.method + "&" + c.escape("/") + "&" + c.escape(all.join(c.escape)))
}

func (*client) sha1(key, text string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// roa signs with ROA v1.
func (c *client) roa(d draft, action, version string) *wire.Request {
	req := c.request(d)
	at := c.at
	if parsed, err := time.Parse(time.RFC3339, c.at); err == nil {
		at = parsed.Format(http.TimeFormat)
	}
	setAll(req.Header, map[string]string{
		"Date": at, "X-Acs-Signature-Method": "HMAC-SHA1", "X-Acs-Signature-Version": "1.0",
		"X-Acs-Signature-Nonce": c.nonce, "X-Acs-Version": version, "X-Acs-Action": action,
		"X-Acs-Security-Token": c.securityToken, "X-Acs-Bearer-Token": c.bearer,
	})
	req.Header.Set("Authorization", "acs "+c.id+":"+c.sha1(c.secret, c.change(c.roaString(req, d.query))))
	return req
}

// setAll sets headers; those of the draft stay, an empty value leaves one out, and so does "-".
func setAll(header http.Header, values map[string]string) {
	for name, value := range values {
		if header[name] == nil && value != "" {
			header[name] = []string{value}
		}
		if header.Get(name) == "-" {
			delete(header, name)
		}
	}
}

func (c *client) roaString(req *wire.Request, query pairs) string {
	text := req.Method + "\n"
	for _, name := range []string{"Accept", "Content-MD5", "Content-Type", "Date"} {
		text += req.Header.Get(name) + "\n"
	}
	for _, name := range acsNames(req.Header) {
		text += name + ":" + req.Header.Get(name) + "\n"
	}
	text += req.Path
	for i, one := range query.sorted() {
		text += map[bool]string{true: "?", false: "&"}[i == 0] + one[0]
		if one[1] != "" || !c.bareEmpty {
			text += "=" + one[1]
		}
	}
	return text
}

func acsNames(header http.Header) []string {
	var names []string
	for name := range header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	return names
}

func (c *client) hash() func() hash.Hash {
	if c.algorithm == "ACS3-HMAC-SM3" {
		return sm3.New
	}
	return sha256.New
}

// v3 signs with ACS3-HMAC-SHA256 or ACS3-HMAC-SM3.
func (c *client) v3(d draft, action, version string) *wire.Request {
	req := c.request(d)
	setAll(req.Header, map[string]string{
		"X-Acs-Action": action, "X-Acs-Version": version, "X-Acs-Date": c.at, "X-Acs-Signature-Nonce": c.nonce,
		"X-Acs-Content-Sha256": sum(c.hash(), string(req.Body)), "X-Acs-Security-Token": c.securityToken,
		"X-Acs-Bearer-Token": c.bearer,
	})
	names := append(acsNames(req.Header), "host")
	if req.Header.Get("Content-Type") != "" {
		names = append(names, "content-type")
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(c.leaveOut, name) })
	slices.Sort(names)
	if c.list != nil {
		names = c.list(names)
	}
	canonical := c.change(c.canonicalRequest(req, d, names))
	mac := hmac.New(c.hash(), []byte(c.secret))
	mac.Write([]byte(c.algorithm + "\n" + sum(c.hash(), canonical)))
	req.Header.Set("Authorization", c.algorithm+" Credential="+c.id+",SignedHeaders="+strings.Join(names, ";")+
		",Signature="+hex.EncodeToString(mac.Sum(nil)))
	return req
}

func (c *client) canonicalRequest(req *wire.Request, d draft, names []string) string {
	text := req.Method + "\n" + strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(req.Path) + "\n" +
		d.query.sorted().join(c.escape) + "\n"
	for _, name := range names {
		text += name + ":" + headerText(req, name) + "\n"
	}
	return text + "\n" + strings.Join(names, ";") + "\n" + req.Header.Get("X-Acs-Content-Sha256")
}

func headerText(req *wire.Request, name string) string {
	if strings.EqualFold(name, "host") {
		return req.Host
	}
	var trimmed []string
	for _, value := range req.Header.Values(name) {
		trimmed = append(trimmed, strings.TrimSpace(value))
	}
	slices.Sort(trimmed)
	return strings.Join(trimmed, ",")
}

func sum(newHash func() hash.Hash, text string) string {
	h := newHash()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func contentMD5(body string) string {
	digest := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(digest[:])
}

// style is one way to sign, over a call that suits it.
type style struct {
	name string
	sign func(*client, draft) *wire.Request
	call func() draft
}

// styles are the ways to sign, but for bearer tokens.
func styles() []style {
	rpc := func(c *client, d draft) *wire.Request { return c.rpc(d, applyToken, mqttRelease) }
	v3 := func(c *client, d draft) *wire.Request { return c.v3(d, applyToken, mqttRelease) }
	sm3 := func(c *client, d draft) *wire.Request {
		c.algorithm = "ACS3-HMAC-SM3"
		return c.v3(d, applyToken, mqttRelease)
	}
	return []style{
		{"rpc v1", rpc, mqtt},
		{"roa v1", func(c *client, d draft) *wire.Request { return c.roa(d, "CreateAccessWarrant", "20240611") }, warrant},
		{"v3 rpc", v3, mqtt},
		{"v3 rpc sm3", sm3, mqtt},
		{"v3 roa", func(c *client, d draft) *wire.Request { return c.v3(d, "CreateAccessWarrant", "20240611") }, warrant},
	}
}

func styleOf(tb testing.TB, name string) style {
	tb.Helper()
	for _, s := range styles() {
		if s.name == name {
			return s
		}
	}
	tb.Fatalf("no style %q", name)
	return style{}
}
