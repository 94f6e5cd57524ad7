// Package oss is the gateway of Alibaba Cloud's Object Storage Service: calls on buckets and objects, signed in a
// header, a URL or a form, by the first or the fourth version of its signature, and answered as XML or as the object
// itself.
package oss

import (
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the gateway's name.
const Name = "oss"

// Gateway reads oss requests. It implements gateway.Gateway.
type Gateway struct {
	Profile

	catalogue *contract.Catalogue
	spec      *contract.Gateway
}

// New returns the gateway over the APIs of the catalogue that use it.
func New(catalogue *contract.Catalogue) *Gateway {
	return &Gateway{catalogue: catalogue, spec: catalogue.Gateway(Name)}
}

// Table is how oss answers each kind of fault. Kinds that its requests cannot end in have no row.
func (*Gateway) Table() gateway.Table { return table }

var table = gateway.Table{
	wire.TooLarge:             "EntityTooLarge",
	wire.Malformed:            "InvalidArgument",
	wire.WrongFormat:          "MalformedPOSTRequest",
	wire.WrongMethod:          "MethodNotAllowed",
	wire.MissingKey:           "AccessDenied",
	wire.UnknownKey:           "InvalidAccessKeyId",
	wire.DisabledKey:          "InvalidAccessKeyId",
	wire.MissingTimestamp:     "AccessDenied",
	wire.BadTimestamp:         "AccessDenied",
	wire.ExpiredTimestamp:     "RequestTimeTooSkewed",
	wire.MissingSigningData:   "InvalidArgument",
	wire.WrongSigningData:     "InvalidArgument",
	wire.WrongSignatureMethod: "InvalidArgument",
	wire.WrongDigest:          "InvalidDigest",
	wire.MissingSignature:     "SignatureDoesNotMatch",
	wire.WrongSignature:       "SignatureDoesNotMatch",
	wire.MissingSecurityToken: "InvalidAccessKeyId",
	wire.BadSecurityToken:     "InvalidSecurityToken",
	wire.ExpiredSecurityToken: "SecurityTokenExpired",
	wire.WrongSecurityToken:   "InvalidSecurityToken",
	wire.MissingParameter:     "InvalidArgument",
	wire.InvalidParameter:     "InvalidArgument",
	wire.Unavailable:          "ServiceUnavailable",
	wire.Internal:             "InternalError",
}

// Claims takes what is sent to a host of the service, and any other request that carries a marker of this gateway: a
// signature of its kinds, a header or parameter of its own, the fields of a signed form, or a browser's question about
// a call with such a header.
func (g *Gateway) Claims(req *wire.Request) bool {
	return claimsHead(req) || isForm(req) && hasOwnField(req.Body)
}

// MaxBody is how many bytes the body of a call has at most: an object that is uploaded whole, or a part of one. SDKs
// upload in parts of 1 to 6 MiB unless they are told otherwise.
const MaxBody = 16 << 20

// LargestBody implements gateway.Storer. Whose a form is shows only in its body.
func (g *Gateway) LargestBody(req *wire.Request) int {
	if claimsHead(req) || isForm(req) {
		return MaxBody
	}
	return 0
}

// claimsHead is Claims as far as it can be judged without the body.
func claimsHead(req *wire.Request) bool {
	if isOwnHost(req.Host) || hasOwnScheme(req.Header.Get(authHeader)) || hasOwnParameter(req.RawQuery) {
		return true
	}
	for name := range req.Header {
		if isOwnName(name) {
			return true
		}
	}
	return req.Method == http.MethodOptions && asksForOwnHeader(req)
}

// Read finds bucket and object, reads the parameters, tells the signature and picks the operation.
func (g *Gateway) Read(req *wire.Request) (gateway.Exchange, error) {
	x, err := newExchange(g, req)
	picked := x.pick() // whatever could not be read, so that the journal can name the operation
	if err != nil {
		return x, err
	}
	return x, picked
}

// ownPrefix begins the headers and parameters that belong to the gateway alone.
const ownPrefix = "x-oss-"

func isOwnName(name string) bool {
	return len(name) > len(ownPrefix) && strings.EqualFold(name[:len(ownPrefix)], ownPrefix)
}

// hasOwnScheme reports whether an Authorization header is one of the gateway's, of whichever version.
func hasOwnScheme(auth string) bool {
	return strings.HasPrefix(auth, schemeV1) || strings.HasPrefix(auth, schemeV2) || strings.HasPrefix(auth, schemeV4)
}

// hasOwnParameter looks for a parameter of a signed URL that no other gateway uses.
func hasOwnParameter(query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name == keyParameter || isOwnName(name) {
			return true
		}
	}
	return false
}

// hasOwnField looks in a multipart body for a field of a signed form.
func hasOwnField(body []byte) bool {
	text := string(body[:min(len(body), maxFields)])
	return strings.Contains(text, keyParameter) || strings.Contains(strings.ToLower(text), ownPrefix)
}
