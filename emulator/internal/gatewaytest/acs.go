// Package gatewaytest makes correctly signed requests for each gateway, for tests. It shares no code with the
// gateways, so that a slip there does not agree with itself.
package gatewaytest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature version 1.0 is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Request is a request before it is put on a connection or given to a handler.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   string
	Host   string
}

// HTTP is the request as net/http's.
func (r Request) HTTP() (*http.Request, error) {
	target := "http://" + r.Host + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequest(r.Method, target, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	req.RequestURI = strings.TrimPrefix(target, "http://"+r.Host)
	return req, nil
}

// ACS signs requests of gateway acs.
type ACS struct {
	AccessKeyID, AccessKeySecret, SecurityToken string
	// Now is the time that requests carry.
	Now func() time.Time
	// Format is the format that RPC requests ask for; empty means JSON.
	Format string
	// List changes the sorted names of the headers that V3 signs; nil leaves them as they are.
	List func([]string) []string

	nonces atomic.Int64
}

const isoLayout = "2006-01-02T15:04:05Z"

func (a *ACS) nonce() string { return "nonce-" + strconv.FormatInt(a.nonces.Add(1), 10) }

// V3 signs a request with ACS3-HMAC-SHA256.
func (a *ACS) V3(r Request, action, version string) Request {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	sum := sha256.Sum256([]byte(r.Body))
	r.Header.Set("x-acs-action", action)
	r.Header.Set("x-acs-version", version)
	r.Header.Set("x-acs-date", a.Now().UTC().Format(isoLayout))
	r.Header.Set("x-acs-signature-nonce", a.nonce())
	r.Header.Set("x-acs-content-sha256", hex.EncodeToString(sum[:]))
	if a.SecurityToken != "" {
		r.Header.Set("x-acs-accesskey-id", a.AccessKeyID)
		r.Header.Set("x-acs-security-token", a.SecurityToken)
	}
	names := []string{"host"}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") || lower == "content-type" {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	if a.List != nil {
		names = a.List(names)
	}
	headers := ""
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers += name + ":" + value + "\n"
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join([]string{
		r.Method, r.Path, escapedQuery(r.Query), headers, signed, hex.EncodeToString(sum[:]),
	}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(a.AccessKeySecret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(digest[:])))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+a.AccessKeyID+",SignedHeaders="+signed+
		",Signature="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

// RPC signs the parameters of an RPC request with HMAC-SHA1, version 1.0, and sends them all in the query.
func (a *ACS) RPC(r Request, action, version string) Request {
	query := url.Values{}
	for name, values := range r.Query {
		query[name] = values
	}
	for name, value := range map[string]string{
		"Action": action, "Version": version, "Format": cmp.Or(a.Format, "JSON"), "AccessKeyId": a.AccessKeyID,
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": a.nonce(),
		"Timestamp": a.Now().UTC().Format(isoLayout),
	} {
		query.Set(name, value)
	}
	if a.SecurityToken != "" {
		query.Set("SecurityToken", a.SecurityToken)
	}
	mac := hmac.New(sha1.New, []byte(a.AccessKeySecret+"&"))
	mac.Write([]byte(r.Method + "&%2F&" + escape(escapedQuery(query))))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	r.Query = query
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return r
}

// ROA signs a request with HMAC-SHA1 as version 1.0 of ROA has it.
func (a *ACS) ROA(r Request, action, version string) Request {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for name, value := range map[string]string{
		"Date": a.Now().UTC().Format(http.TimeFormat), "x-acs-signature-method": "HMAC-SHA1",
		"x-acs-signature-version": "1.0", "x-acs-signature-nonce": a.nonce(), "x-acs-action": action,
		"x-acs-version": version,
	} {
		r.Header.Set(name, value)
	}
	text := r.Method + "\n"
	for _, name := range []string{"Accept", "Content-MD5", "Content-Type", "Date"} {
		text += r.Header.Get(name) + "\n"
	}
	var names []string
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		text += name + ":" + r.Header.Get(name) + "\n"
	}
	text += r.Path
	separator := "?"
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		text += separator + name + "=" + r.Query.Get(name)
		separator = "&"
	}
	mac := hmac.New(sha1.New, []byte(a.AccessKeySecret))
	mac.Write([]byte(text))
	r.Header.Set("Authorization", "acs "+a.AccessKeyID+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// escapedQuery is the query sorted and encoded by RFC 3986.
func escapedQuery(query url.Values) string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, 0, len(names))
	for _, name := range names {
		parts = append(parts, escape(name)+"="+escape(query.Get(name)))
	}
	return strings.Join(parts, "&")
}

func escape(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}
