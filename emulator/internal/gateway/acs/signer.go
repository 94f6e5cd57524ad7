package acs

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// accessKeyHeader repeats the AccessKey ID beside a security token.
const accessKeyHeader = "X-Acs-Accesskey-Id"

// Sign signs a copy of a request in the style that it has, and in V3 when it has none. A request with a bearer token
// keeps that and is not signed when the key has no secret.
func (Profile) Sign(req *wire.Request, key sandbox.Key, now time.Time, nonce string) (*wire.Request, error) {
	signed := gateway.CopyRequest(req)
	c := claimOf(req)
	if c.style == bearer && key.Secret == "" {
		refresh(signed, &c, now, nonce)
		return signed, nil
	}
	if key.ID == "" || key.Secret == "" {
		return nil, errors.New("a signature needs an AccessKey ID and its secret")
	}
	switch c.style {
	case rpcV1:
		signRPC(signed, key, now, nonce)
	case roaV1:
		signROA(signed, key, now, nonce)
	case v3:
		signV3(signed, key, now, nonce, c.algorithm)
	case unsigned, bearer:
		signed.Header.Del(bearerHeader)
		gateway.SetParameters(signed, gateway.IsForm(signed.Header), gateway.Parameter{Name: "BearerToken"})
		signV3(signed, key, now, nonce, hmacSHA256)
	}
	return signed, nil
}

// claimOf is what a request says of its sender.
func claimOf(req *wire.Request) claim {
	var form []pair
	if gateway.IsForm(req.Header) {
		form = parsePairs(string(req.Body))
	}
	return readClaim(req, textOf(parsePairs(req.RawQuery), form))
}

// refresh gives a request with a bearer token a new time and nonce, where it carries them.
func refresh(req *wire.Request, c *claim, now time.Time, nonce string) {
	inHeaders := req.Header.Get(bearerHeader) != ""
	set := func(header, parameter, value string) {
		if inHeaders {
			req.Header.Set(header, value)
			return
		}
		gateway.SetParameters(req, gateway.IsForm(req.Header), gateway.Parameter{Name: parameter, Value: value})
	}
	if c.timestamp != "" {
		set(dateHeader, "Timestamp", now.UTC().Format(isoLayout))
	}
	if c.nonce != "" {
		set(nonceHeader, "SignatureNonce", nonce)
	}
}

func signRPC(req *wire.Request, key sandbox.Key, now time.Time, nonce string) {
	form := gateway.IsForm(req.Header)
	parameters := []gateway.Parameter{
		{Name: "AccessKeyId", Value: key.ID},
		{Name: "SignatureMethod", Value: sha1Method},
		{Name: "SignatureVersion", Value: signatureVersion},
		{Name: "SignatureNonce", Value: nonce},
		{Name: "Timestamp", Value: now.UTC().Format(isoLayout)},
	}
	if !keepsToken(key) {
		parameters = append(parameters, gateway.Parameter{Name: "SecurityToken", Value: key.SecurityToken})
	}
	gateway.SetParameters(req, form, parameters...)
	var inForm []pair
	if form {
		inForm = parsePairs(string(req.Body))
	}
	text := rpcString(req.Method, canonical(rpcPairs(parsePairs(req.RawQuery), inForm)))
	signature := string(sha1Signature(key.Secret+rpcKeySuffix, text))
	gateway.SetParameters(req, form, gateway.Parameter{Name: "Signature", Value: signature})
}

func signROA(req *wire.Request, key sandbox.Key, now time.Time, nonce string) {
	req.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	req.Header.Set(nonceHeader, nonce)
	setToken(req.Header, key)
	text := roaString(req, parsePairs(req.RawQuery), false)
	req.Header.Set("Authorization", roaScheme+key.ID+":"+string(sha1Signature(key.Secret, text)))
}

func signV3(req *wire.Request, key sandbox.Key, now time.Time, nonce string, a algorithm) {
	if !a.known() {
		a = hmacSHA256
	}
	payload := a.payload(req.Body)
	req.Header.Set(dateHeader, now.UTC().Format(isoLayout))
	req.Header.Set(nonceHeader, nonce)
	req.Header.Set(digestHeader, payload)
	setToken(req.Header, key)
	names := append(acsHeaders(req.Header), "host")
	if req.Header.Get("Content-Type") != "" {
		names = append(names, "content-type")
	}
	slices.Sort(names)
	request := appendCanonicalRequest(nil, req, appendCanonical(nil, parsePairs(req.RawQuery)), names, payload)
	signature := a.signature(key.Secret, a.v3String(request))
	req.Header.Set("Authorization", string(a)+" Credential="+key.ID+",SignedHeaders="+strings.Join(names, ";")+
		",Signature="+string(signature[:]))
}

// keepsToken reports whether a request keeps the security token that it carries: that of a temporary key is sealed and
// known to its holder alone.
func keepsToken(key sandbox.Key) bool { return key.Temporary && key.SecurityToken == "" }

func setToken(header http.Header, key sandbox.Key) {
	if header.Get(accessKeyHeader) != "" {
		header.Set(accessKeyHeader, key.ID)
	}
	switch {
	case keepsToken(key):
	case key.SecurityToken == "":
		header.Del(securityHeader)
	default:
		header.Set(securityHeader, key.SecurityToken)
	}
}
