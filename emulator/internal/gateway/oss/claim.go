package oss

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// style is the way in which a request proves who sent it.
type style int

const (
	unsigned style = iota
	headerV1       // Authorization: OSS <id>:<signature>, HMAC-SHA1
	headerV4       // Authorization: OSS4-HMAC-SHA256 Credential=…,Signature=…
	urlV1          // OSSAccessKeyId, Expires, Signature
	urlV4          // x-oss-credential, x-oss-date, x-oss-expires, x-oss-signature
	formV1         // the same fields as in a URL, over the policy of the form
	formV4
	unknown // a version that is not emulated
)

// isV4 reports whether the style is of the fourth version.
func (s style) isV4() bool { return s == headerV4 || s == urlV4 || s == formV4 }

func (s style) inURL() bool  { return s == urlV1 || s == urlV4 }
func (s style) inForm() bool { return s == formV1 || s == formV4 }

// What begins the Authorization of each version.
const (
	schemeV1 = "OSS "
	schemeV2 = "OSS2 "
	schemeV4 = algorithmV4 + " "

	algorithmV4 = "OSS4-HMAC-SHA256"
)

// Headers and parameters that sign.
const (
	authHeader  = "Authorization"
	dateHeader  = "X-Oss-Date"
	tokenHeader = "X-Oss-Security-Token"
	sha256Name  = "x-oss-content-sha256"

	keyParameter       = "OSSAccessKeyId"
	expiresParameter   = "Expires"
	signatureParameter = "Signature"
	tokenParameterV1   = "security-token"

	versionParameter     = "x-oss-signature-version"
	credentialParameter  = "x-oss-credential"
	dateParameter        = "x-oss-date"
	expiresParameterV4   = "x-oss-expires"
	signatureParameterV4 = "x-oss-signature"
	additionalParameter  = "x-oss-additional-headers"
	tokenParameterV4     = "x-oss-security-token"
)

// urlParameters are those of which each makes a URL a signed one.
var urlParameters = []string{keyParameter, signatureParameter, versionParameter, signatureParameterV4}

// scope is what a signature of the fourth version is good for.
type scope struct{ day, region, product, end string }

func (s scope) String() string { return strings.Join([]string{s.day, s.region, s.product, s.end}, "/") }

// The product and the end of every scope.
const (
	product  = "oss"
	scopeEnd = "aliyun_v4_request"
)

// claim is what a request says of its sender, before anything of it is proven.
type claim struct {
	style         style
	accessKeyID   string
	signature     string
	securityToken string
	date          string // when it was signed, as text; that of V1 in a URL is its end
	expires       string // how long a URL is good, as text
	policy        string // of a form, in base64
	scope         scope
	additional    []string // the headers that V4 signs beside its usual ones
	version       string   // of an unknown style
	// bad tells of a claim that is not written as it must be.
	bad error
}

// readClaim tells the styles apart: Authorization header, parameters of a signed URL, fields of a form.
func readClaim(req *wire.Request, query, form map[string]string) claim {
	auth := req.Header.Get(authHeader)
	signs := func(name string) bool { return query[name] != "" }
	inQuery := slices.ContainsFunc(urlParameters, signs)
	switch {
	case auth != "" && inQuery:
		c := readHeader(req, auth)
		c.bad = wrongData("The request is signed twice: in the header Authorization and in its URL.", "one signature",
			"two signatures")
		return c
	case auth != "":
		return readHeader(req, auth)
	case inQuery:
		return readURL(query)
	case form[versionParameter] != "" || form[credentialParameter] != "":
		return readV4(formV4, form)
	case form[keyParameter] != "" || form[signatureParameter] != "":
		c := readV1(formV1, form)
		c.securityToken = form[tokenParameterV4]
		return c
	}
	return claim{}
}

// readURL reads what signs a URL.
func readURL(query map[string]string) claim {
	switch version := query[versionParameter]; version {
	case "":
		return readV1(urlV1, query)
	case algorithmV4:
		c := readV4(urlV4, query)
		c.additional = splitNames(query[additionalParameter])
		return c
	default:
		return claim{style: unknown, version: version, accessKeyID: query["x-oss-access-key-id"]}
	}
}

func readHeader(req *wire.Request, auth string) claim {
	c := claim{securityToken: req.Header.Get(tokenHeader), date: req.Header.Get(dateHeader)}
	if c.date == "" {
		c.date = req.Header.Get("Date")
	}
	switch {
	case strings.HasPrefix(auth, schemeV4):
		c.style = headerV4
		c.readFields(strings.TrimPrefix(auth, schemeV4))
	case strings.HasPrefix(auth, schemeV1):
		c.style = headerV1
		var found bool
		c.accessKeyID, c.signature, found = strings.Cut(strings.TrimPrefix(auth, schemeV1), ":")
		if !found {
			c.bad = missingData("a colon between AccessKey ID and signature in the header Authorization", authHeader)
		}
	default:
		c.style = unknown
		c.version, _, _ = strings.Cut(auth, " ")
	}
	return c
}

// readFields reads the fields of an Authorization header of the fourth version.
func (c *claim) readFields(text string) {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seen[name] {
			c.bad = wrongData("The header Authorization has "+name+" twice.", "each field once", name)
		}
		seen[name] = true
		switch name {
		case "Credential":
			c.readCredential(value)
		case "AdditionalHeaders":
			c.additional = splitNames(value)
		case "Signature":
			c.signature = value
		}
	}
	for _, name := range []string{"Credential", "Signature"} {
		if !seen[name] && c.bad == nil {
			c.bad = missingData(name+" in the header Authorization", authHeader)
		}
	}
}

// readCredential reads <AccessKey ID>/<day>/<region>/<product>/aliyun_v4_request.
func (c *claim) readCredential(text string) {
	parts := strings.Split(text, "/")
	c.accessKeyID = parts[0]
	if len(parts) != 5 {
		c.bad = wrongData("The credential of the signature is not of the form that V4 has.",
			"<AccessKey ID>/<yyyymmdd>/<region>/"+product+"/"+scopeEnd, text)
		return
	}
	c.scope = scope{parts[1], parts[2], parts[3], parts[4]}
	if c.scope.product != product || c.scope.end != scopeEnd {
		c.bad = wrongData("The scope of the signature ends in something else.", product+"/"+scopeEnd,
			parts[3]+"/"+parts[4])
	}
}

// readV1 reads what signs a URL or a form by the first version.
func readV1(s style, values map[string]string) claim {
	c := claim{
		style: s, accessKeyID: values[keyParameter], signature: values[signatureParameter],
		securityToken: values[tokenParameterV1], date: values[expiresParameter], policy: values["policy"],
	}
	for name, value := range map[string]string{keyParameter: c.accessKeyID, signatureParameter: c.signature} {
		if value == "" {
			c.bad = missingData(name, name)
		}
	}
	return c
}

// readV4 reads what signs a URL or a form by the fourth version.
func readV4(s style, values map[string]string) claim {
	c := claim{
		style: s, signature: values[signatureParameterV4], securityToken: values[tokenParameterV4],
		date: values[dateParameter], expires: values[expiresParameterV4], policy: values["policy"],
	}
	c.readCredential(values[credentialParameter])
	if c.signature == "" {
		c.bad = missingData(signatureParameterV4, signatureParameterV4)
	}
	if s == formV4 && values[versionParameter] != algorithmV4 {
		c.bad = wrongData("The form names another version of the signature.", algorithmV4, values[versionParameter])
	}
	return c
}

func splitNames(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ";")
}

// missingData refuses a signature that lacks something.
func missingData(what, parameter string) error {
	return gateway.Refuse(wire.MissingSigningData, "signature", "The request lacks "+what+".", parameter)
}

// wrongData refuses a signature that is not written as it must be, before it is computed.
func wrongData(message, expected, got string) error {
	return gateway.Differ(wire.WrongSigningData, "signature", message, expected, got)
}
