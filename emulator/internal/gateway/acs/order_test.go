package acs_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// defect is one way in which a request is wrong, made before it is signed or after.
type defect struct {
	name string
	// slot names what the defect changes: two of one slot cannot be had at once.
	slot   string
	code   string
	before func(*client, *draft)
	after  func(*wire.Request)
	// replayed sends a good request with the same nonce first.
	replayed bool
}

func setQuery(name, value string) func(*client, *draft) {
	return func(_ *client, d *draft) { d.query = d.query.with(name, value) }
}

// keep puts a parameter there whose "-" tells the signer of RPC v1 to leave its own out.
func keep(name, value string) func(*client, *draft) {
	return func(_ *client, d *draft) { d.query = append(d.query.with(name, "-"), [2]string{name, value}) }
}

func setHeader(name, value string) func(*client, *draft) {
	return func(_ *client, d *draft) { *d = d.withHeader(name, value) }
}

func editAuthorization(edit func(string) string) func(*wire.Request) {
	return func(r *wire.Request) { r.Header.Set("Authorization", edit(r.Header.Get("Authorization"))) }
}

// emptySignature takes the signature away and leaves its parameter.
func emptySignature(r *wire.Request) {
	r.RawQuery = regexp.MustCompile(`&Signature=[^&]*`).ReplaceAllString(r.RawQuery, "&Signature=")
}

// keyDefects to tokenDefects stand in the order of the gateway's checks; what is between differs by style.
func keyDefects() []defect {
	return []defect{
		{name: "no key", slot: "key", code: "MissingAccessKeyId", before: func(c *client, _ *draft) { c.id = "" }},
		{name: "unknown key", slot: "key", code: "InvalidAccessKeyId.NotFound", before: func(c *client, _ *draft) { c.id = "x" }},
		{
			name: "disabled key", slot: "key", code: "InvalidAccessKeyId.Inactive",
			before: func(c *client, _ *draft) { c.id = disabledID },
		},
	}
}

func proofDefects() []defect {
	return []defect{
		{name: "wrong MD5", slot: "md5", code: "ContentMD5NotMatched", before: setHeader("Content-Md5", "AAAA")},
		{name: "wrong secret", slot: "secret", code: "SignatureDoesNotMatch", before: func(c *client, _ *draft) { c.secret = "wrong" }},
		{name: "used nonce", slot: "nonce", code: used, replayed: true},
		{
			name: "foreign token", slot: "token", code: "InvalidSecurityToken.Malformed",
			before: func(c *client, _ *draft) { c.securityToken = "nonsense" },
		},
	}
}

func mqttDefects() []defect {
	return []defect{
		{name: "missing parameter", slot: "Actions", code: "MissingActions", before: setQuery("Actions", "-")},
		{name: "invalid parameter", slot: "ExpireTime", code: "InvalidParameter.ExpireTime", before: setQuery("ExpireTime", "soon")},
	}
}

func join(lists ...[]defect) (all []defect) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// rpcDefects are all defects of RPC v1 in the order in which they are found.
func rpcDefects() []defect {
	return join([]defect{
		{name: "bad format", slot: "format", code: "InvalidParameter.Format", before: keep("Format", "CSV")},
		{name: "no action", slot: "action", code: "MissingAction", before: keep("Action", "-")},
		{name: "unknown action", slot: "action", code: "InvalidAction.NotFound", before: keep("Action", "Nothing")},
		{name: "no version", slot: "version", code: "MissingVersion", before: keep("Version", "-")},
		{name: "unknown version", slot: "version", code: "InvalidVersion", before: keep("Version", "1")},
		{name: "method", slot: "method", code: "UnsupportedHTTPMethod", before: func(_ *client, d *draft) { d.method = http.MethodPut }},
	}, keyDefects(), []defect{
		{name: "no time", slot: "time", code: "MissingTimestamp", before: keep("Timestamp", "-")},
		{name: "bad time", slot: "time", code: "InvalidTimeStamp.Format", before: keep("Timestamp", "noon")},
		{name: "old", slot: "time", code: "InvalidTimeStamp.Expired", before: keep("Timestamp", "2020-01-01T00:00:00Z")},
		{name: "no signature", slot: "secret", code: "MissingSignature", after: emptySignature},
		{name: "no signature method", slot: "sigmethod", code: "MissingSignatureMethod", before: keep("SignatureMethod", "-")},
		{name: "no signature version", slot: "sigversion", code: "MissingSignatureVersion", before: keep("SignatureVersion", "")},
		{name: "signature method", slot: "sigmethod", code: "InvalidSignatureMethod", before: keep("SignatureMethod", "HMAC-SHA256")},
		{name: "signature version", slot: "sigversion", code: "InvalidSignatureVersion", before: keep("SignatureVersion", "2.0")},
		{name: "no nonce", slot: "nonce", code: "MissingSignatureNonce", before: keep("SignatureNonce", "-")},
	}, proofDefects(), mqttDefects())
}

func v3Defects() []defect {
	return join([]defect{
		{name: "bad format", slot: "format", code: "InvalidParameter.Format", before: setQuery("Format", "CSV")},
		{name: "no action", slot: "action", code: "MissingHeader", before: setHeader("X-Acs-Action", "-")},
		{name: "unknown action", slot: "action", code: "InvalidAction.NotFound", before: setHeader("X-Acs-Action", "Nothing")},
		{name: "no version", slot: "version", code: "MissingHeader", before: setHeader("X-Acs-Version", "-")},
		{name: "unknown version", slot: "version", code: "InvalidVersion", before: setHeader("X-Acs-Version", "1")},
		{name: "method", slot: "method", code: "UnsupportedHTTPMethod", before: func(_ *client, d *draft) { d.method = http.MethodPut }},
	}, keyDefects(), []defect{
		{name: "no time", slot: "time", code: "MissingHeader", before: setHeader("X-Acs-Date", "-")},
		{name: "bad time", slot: "time", code: "InvalidTimeStamp.Format", before: setHeader("X-Acs-Date", "noon")},
		{name: "old", slot: "time", code: "InvalidTimeStamp.Expired", before: setHeader("X-Acs-Date", "2020-01-01T00:00:00Z")},
		{
			name: "algorithm", slot: "algorithm", code: "InvalidSignatureMethod",
			after: editAuthorization(func(a string) string { return strings.Replace(a, "ACS3-HMAC-SHA256", "ACS3-RSA-SHA256", 1) }),
		},
		{
			name: "no SignedHeaders", slot: "signed", code: "IncompleteSignature",
			after: editAuthorization(func(a string) string { return strings.Replace(a, "SignedHeaders", "Other", 1) }),
		},
		{name: "no digest", slot: "digest", code: "MissingHeader", before: setHeader("X-Acs-Content-Sha256", "-")},
		{
			name: "unsigned nonce", slot: "signed", code: "IncompleteSignature",
			before: func(c *client, _ *draft) { c.leaveOut = []string{"x-acs-signature-nonce"} },
		},
	}, proofDefects(), mqttDefects())
}

func roaDefects() []defect {
	return join([]defect{
		{name: "unknown path", slot: "path", code: "InvalidAction.NotFound", before: func(_ *client, d *draft) { d.path += "/none" }},
		{name: "method", slot: "path", code: "UnsupportedHTTPMethod", before: func(_ *client, d *draft) { d.method = http.MethodPut }},
		{name: "no version", slot: "version", code: "MissingVersion", before: setHeader("X-Acs-Version", "-")},
		{name: "unknown version", slot: "version", code: "InvalidVersion", before: setHeader("X-Acs-Version", "1")},
	}, keyDefects(), []defect{
		{name: "no time", slot: "time", code: "MissingDate", before: setHeader("Date", "-")},
		{name: "bad time", slot: "time", code: "InvalidTimeStamp.Format", before: setHeader("Date", "noon")},
		{name: "old", slot: "time", code: "InvalidTimeStamp.Expired", before: setHeader("Date", "Wed, 01 Jan 2020 00:00:00 GMT")},
		{
			name: "signature method", slot: "sigmethod", code: "InvalidSignatureMethod",
			before: setHeader("X-Acs-Signature-Method", "HMAC-SHA256"),
		},
		{
			name: "signature version", slot: "sigversion", code: "InvalidSignatureVersion",
			before: setHeader("X-Acs-Signature-Version", "2.0"),
		},
		{
			name: "no signature", slot: "secret", code: "IncompleteSignature",
			after: editAuthorization(func(a string) string { return a[:strings.Index(a, ":")] }),
		},
	}, proofDefects(), []defect{
		{name: "invalid body", slot: "body", code: "InvalidappId", before: func(_ *client, d *draft) { d.body = `{"appId":7}` }},
	})
}

// TestOrderOfChecks: of two defects at once the one that is checked first is answered. That missing key, unknown key
// and wrong signature win over missing parameters was observed; the rest of the order is the emulator's own.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	for styleName, defects := range map[string][]defect{"rpc v1": rpcDefects(), "v3 rpc": v3Defects(), "roa v1": roaDefects()} {
		s := styleOf(t, styleName)
		for i, first := range defects {
			t.Run(styleName+"/"+first.name, func(t *testing.T) {
				t.Parallel()
				sendDefective(t, s, first).want(t, first.code)
			})
			for _, second := range defects[i+1:] {
				if first.slot == second.slot {
					continue
				}
				t.Run(styleName+"/"+first.name+" before "+second.name, func(t *testing.T) {
					t.Parallel()
					sendDefective(t, s, first, second).want(t, first.code)
				})
			}
		}
	}
}

func sendDefective(t *testing.T, s style, defects ...defect) outcome {
	t.Helper()
	w, c, d := newWorld(t), newClient(), s.call()
	for _, one := range defects {
		if one.replayed {
			w.send(t, s.sign(newClient(), s.call())).want(t, "ok")
		}
		if one.before != nil {
			one.before(c, &d)
		}
	}
	req := s.sign(c, d)
	for _, one := range defects {
		if one.after != nil {
			one.after(req)
		}
	}
	return w.send(t, req)
}
