package oss

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// usualLife is how long a URL is good that is signed anew.
const usualLife = 15 * time.Minute

// Sign signs a copy of a request in the style that it has, and in the header by the fourth version when it has none.
// Nonces play no part. A form is signed by what its policy says, which only its maker knows.
func (Profile) Sign(req *wire.Request, key sandbox.Key, now time.Time, _ string) (*wire.Request, error) {
	if key.ID == "" || key.Secret == "" {
		return nil, errors.New("a signature needs an AccessKey ID and its secret")
	}
	signed := gateway.CopyRequest(req)
	x, _ := newExchange(&Gateway{}, signed) // what cannot be read is signed as it is
	switch x.claim.style {
	case formV1, formV4:
		return nil, errors.New("a form is signed by its policy, which ends: let its maker sign a new one")
	case urlV1:
		gateway.SetParameters(signed, false,
			gateway.Parameter{Name: keyParameter, Value: key.ID},
			gateway.Parameter{Name: expiresParameter, Value: strconv.FormatInt(now.Add(usualLife).Unix(), 10)},
			tokenOf(tokenParameterV1, x, key), gateway.Parameter{Name: signatureParameter, Value: "-"})
	case urlV4:
		scope := x.scopeAt(now)
		gateway.SetParameters(signed, false,
			gateway.Parameter{Name: credentialParameter, Value: key.ID + "/" + scope.String()},
			gateway.Parameter{Name: dateParameter, Value: now.UTC().Format(layoutV4)},
			gateway.Parameter{Name: expiresParameterV4, Value: strconv.Itoa(int(usualLife / time.Second))},
			tokenOf(tokenParameterV4, x, key), gateway.Parameter{Name: signatureParameterV4, Value: "-"})
	case headerV1:
		setHeaders(signed, x, key, now.UTC().Format(http.TimeFormat), schemeV1+key.ID+":-")
	case headerV4, unsigned, unknown:
		signed.Header.Set(sha256Name, "UNSIGNED-PAYLOAD")
		setHeaders(signed, x, key, now.UTC().Format(layoutV4),
			schemeV4+"Credential="+key.ID+"/"+x.scopeAt(now).String()+",Signature=-")
	}
	return withSignature(signed, key), nil
}

// withSignature puts the signature where a request has a dash.
func withSignature(req *wire.Request, key sandbox.Key) *wire.Request {
	x, _ := newExchange(&Gateway{}, req)
	w := x.right(key.Secret)
	signature := w.signature()
	switch x.claim.style {
	case urlV1:
		gateway.SetParameters(req, false, gateway.Parameter{Name: signatureParameter, Value: signature})
	case urlV4:
		gateway.SetParameters(req, false, gateway.Parameter{Name: signatureParameterV4, Value: signature})
	case headerV1, headerV4, unsigned, formV1, formV4, unknown:
		auth := req.Header.Get(authHeader)
		req.Header.Set(authHeader, auth[:len(auth)-1]+signature)
	}
	return req
}

// scopeAt is the scope of a signature that is made at an instant, for the region that the request names.
func (x *exchange) scopeAt(now time.Time) scope {
	region := x.claim.scope.region
	if region == "" {
		region = x.target.region
	}
	if region == "" {
		region = usualRegion
	}
	return scope{now.UTC().Format("20060102"), region, product, scopeEnd}
}

// tokenFor is the security token that goes with a key. That of a temporary key is sealed and known to its holder alone,
// so the request keeps the one that it has.
func tokenFor(x *exchange, key sandbox.Key) string {
	if key.Temporary && key.SecurityToken == "" {
		return x.claim.securityToken
	}
	return key.SecurityToken
}

func tokenOf(name string, x *exchange, key sandbox.Key) gateway.Parameter {
	return gateway.Parameter{Name: name, Value: tokenFor(x, key)}
}

func setHeaders(req *wire.Request, x *exchange, key sandbox.Key, date, auth string) {
	req.Header.Set(dateHeader, date)
	if token := tokenFor(x, key); token != "" {
		req.Header.Set(tokenHeader, token)
	} else {
		req.Header.Del(tokenHeader)
	}
	req.Header.Set(authHeader, auth)
}
