package acs

import (
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// style is the way in which a request proves who sent it.
type style int

const (
	unsigned style = iota
	rpcV1          // parameter Signature, HMAC-SHA1
	roaV1          // Authorization: acs <id>:<signature>, HMAC-SHA1
	v3             // Authorization: ACS3-… Credential=…,SignedHeaders=…,Signature=…
	bearer         // a bearer token without any signature
)

// claim is what a request says of its sender, before anything of it is proven.
type claim struct {
	style         style
	algorithm     algorithm // of v3, as named
	accessKeyID   string
	signature     string
	signedHeaders []string
	securityToken string
	bearerToken   string
	timestamp     string
	nonce         string
	incomplete    string // what the Authorization header lacks
	doubled       string // what it has twice
}

// roaScheme begins the Authorization of ROA v1.
const roaScheme = "acs "

// readClaim tells the styles apart in the order in which the gateway does: Authorization header, parameter Signature,
// bearer token. Who names no key, signs nothing and carries a bearer token makes a bearer call, also where the place of
// the signature is there and empty: both SDKs for PHP sign bearer calls so.
func readClaim(req *wire.Request, text map[string]string) claim {
	c := readSigned(req, text)
	if c.accessKeyID != "" || c.signature != "" || c.bearerToken == "" {
		return c
	}
	if c.style == roaV1 || c.style == v3 {
		c.timestamp = req.Header.Get(dateHeader)
	}
	c.style, c.incomplete = bearer, ""
	return c
}

func readSigned(req *wire.Request, text map[string]string) claim {
	auth, inHeader := req.Header.Get("Authorization"), req.Header.Get(bearerHeader) != ""
	switch {
	case strings.HasPrefix(auth, "ACS3-"):
		return readV3(req, auth)
	case strings.HasPrefix(auth, roaScheme):
		return readROA(req, strings.TrimPrefix(auth, roaScheme))
	case text["Signature"] != "" || has(text, "Signature") && !inHeader:
		return readRPC(rpcV1, text)
	case inHeader:
		c := headerClaim(bearer, req)
		c.timestamp = req.Header.Get(dateHeader)
		return c
	}
	return readRPC(unsigned, text) // beside a key a bearer token vouches for nothing
}

func has(text map[string]string, name string) bool {
	_, ok := text[name]
	return ok
}

// Names of headers in the form in which net/http keeps them.
const (
	bearerHeader   = "X-Acs-Bearer-Token"
	securityHeader = "X-Acs-Security-Token"
	nonceHeader    = "X-Acs-Signature-Nonce"
	dateHeader     = "X-Acs-Date"
	digestHeader   = "X-Acs-Content-Sha256"
	actionHeader   = "X-Acs-Action"
	versionHeader  = "X-Acs-Version"
	methodHeader   = "X-Acs-Signature-Method"

	signatureVersionHeader = "X-Acs-Signature-Version"
)

func headerClaim(s style, req *wire.Request) claim {
	return claim{
		style: s, nonce: req.Header.Get(nonceHeader),
		securityToken: req.Header.Get(securityHeader), bearerToken: req.Header.Get(bearerHeader),
	}
}

func readRPC(s style, text map[string]string) claim {
	return claim{
		style: s, accessKeyID: text["AccessKeyId"], signature: text["Signature"], nonce: text["SignatureNonce"],
		timestamp: text["Timestamp"], securityToken: text["SecurityToken"], bearerToken: text["BearerToken"],
	}
}

func readROA(req *wire.Request, auth string) claim {
	c := headerClaim(roaV1, req)
	c.timestamp = req.Header.Get("Date")
	var found bool
	c.accessKeyID, c.signature, found = strings.Cut(auth, ":")
	if !found {
		c.incomplete = "a colon between AccessKey ID and signature"
	}
	return c
}

func readV3(req *wire.Request, auth string) claim {
	c := headerClaim(v3, req)
	c.timestamp = req.Header.Get(dateHeader)
	name, rest, _ := strings.Cut(auth, " ")
	c.algorithm = algorithm(name)
	signed := false // an empty signature is one, and is not right
	seen := map[string]bool{}
	for part, more := "", true; more; {
		part, rest, more = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seen[name] {
			c.doubled = name
		}
		seen[name] = true
		switch name {
		case "Credential":
			c.accessKeyID = value
		case "SignedHeaders":
			c.signedHeaders = strings.Split(value, ";")
		case "Signature":
			c.signature, signed = value, true
		}
	}
	switch {
	case c.accessKeyID == "":
		c.incomplete = "Credential"
	case len(c.signedHeaders) == 0 || c.signedHeaders[0] == "":
		c.incomplete = "SignedHeaders"
	case !signed:
		c.incomplete = "Signature"
	}
	return c
}

// credential is how the sandbox is found: a bearer token counts when there is no AccessKey ID.
func (c *claim) credential() wire.Credential {
	if c.accessKeyID == "" && c.bearerToken != "" {
		return wire.Credential{Kind: wire.Bearer, ID: c.bearerToken, Secret: true}
	}
	return wire.Credential{Kind: wire.AccessKey, ID: c.accessKeyID}
}

// public returns a public value from where its style carries it. RPC v1 signs the parameter, and its clients send the
// header besides; V3 signs the header.
func (c *claim) public(x *exchange, header, parameter string) string {
	first, second := x.req.Header.Get(header), x.call.Text[parameter]
	if c.style == rpcV1 {
		first, second = second, first
	}
	if first != "" {
		return first
	}
	return second
}
