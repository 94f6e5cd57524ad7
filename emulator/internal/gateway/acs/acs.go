// Package acs is the gateway of Alibaba Cloud's OpenAPI: RPC and ROA calls, signed in three ways, answered as JSON or
// XML.
package acs

import (
	"errors"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the gateway's name.
const Name = "acs"

// Gateway reads acs requests. It implements gateway.Gateway.
type Gateway struct {
	Profile

	catalogue *contract.Catalogue
	spec      *contract.Gateway
	macs      keyedMACs
}

// New returns the gateway over the APIs of the catalogue that use it.
func New(catalogue *contract.Catalogue) *Gateway {
	return &Gateway{catalogue: catalogue, spec: catalogue.Gateway(Name)}
}

// Table is how acs answers each kind of fault.
func (*Gateway) Table() gateway.Table { return table }

var table = gateway.Table{
	wire.TooLarge:             "RequestEntityTooLarge",
	wire.Malformed:            "InvalidParameter",
	wire.UnknownPath:          "InvalidAction.NotFound",
	wire.MissingAction:        "Missing%s",
	wire.UnknownAction:        "InvalidAction.NotFound",
	wire.MissingVersion:       "Missing%s",
	wire.UnknownVersion:       "InvalidVersion",
	wire.WrongMethod:          "UnsupportedHTTPMethod",
	wire.WrongFormat:          "InvalidParameter.Format",
	wire.MissingHeader:        "MissingHeader",
	wire.MissingKey:           "MissingAccessKeyId",
	wire.UnknownKey:           "InvalidAccessKeyId.NotFound",
	wire.DisabledKey:          "InvalidAccessKeyId.Inactive",
	wire.MissingTimestamp:     "Missing%s",
	wire.BadTimestamp:         "InvalidTimeStamp.Format",
	wire.ExpiredTimestamp:     "InvalidTimeStamp.Expired",
	wire.MissingNonce:         "Missing%s",
	wire.UsedNonce:            "SignatureNonceUsed",
	wire.MissingSigningData:   "Missing%s",
	wire.WrongSignatureMethod: "InvalidSignatureMethod",
	wire.WrongSigningData:     "Invalid%s",
	wire.WrongDigest:          "ContentMD5NotMatched",
	wire.MissingSignature:     "IncompleteSignature",
	wire.WrongSignature:       "SignatureDoesNotMatch",
	wire.MissingSecurityToken: "MissingSecurityToken",
	wire.BadSecurityToken:     "InvalidSecurityToken.Malformed",
	wire.ExpiredSecurityToken: "InvalidSecurityToken.Expired",
	wire.WrongSecurityToken:   "InvalidSecurityToken.MismatchWithAccessKey",
	wire.MissingParameter:     "Missing%s",
	wire.InvalidParameter:     "Invalid%s",
	wire.Unavailable:          "ServiceUnavailable",
	wire.Internal:             "InternalError",
}

const rpcPath = "/"

// Claims takes a path that an ROA spec knows, and any other request that carries a marker of this gateway: an RPC
// parameter, an x-acs- header, its Authorization, or a browser's question about a call with one.
func (g *Gateway) Claims(req *wire.Request) bool {
	path := gateway.RoutePath(req.Path)
	if path != rpcPath {
		if _, _, err := g.catalogue.ByRoute(Name, req.Method, path); !errors.Is(err, contract.ErrNoRoute) {
			return true
		}
	}
	auth := req.Header.Get("Authorization")
	if strings.HasPrefix(auth, "ACS3-") || strings.HasPrefix(auth, roaScheme) {
		return true
	}
	for name := range req.Header {
		if isACSHeader(name) {
			return true
		}
	}
	if asksForCall(req) {
		return true
	}
	return path == rpcPath && (hasMarker(req.RawQuery) || gateway.IsForm(req.Header) && isRPCForm(req))
}

// isRPCForm reports whether the form is one of this gateway, which is the only one that takes forms at that path. What
// stands in one that is no text cannot be seen.
func isRPCForm(req *wire.Request) bool {
	text, err := gateway.FormOf(req)
	return err != nil || hasMarker(text)
}

// hasMarker looks for the public RPC parameters that no other gateway uses on this path.
func hasMarker(form string) bool {
	for part := range strings.SplitSeq(form, "&") {
		switch name, _, _ := strings.Cut(part, "="); name {
		case "Action", "AccessKeyId", "Signature", "BearerToken":
			return true
		}
	}
	return false
}

// Read parses query and form, tells the signature scheme and picks the operation.
func (g *Gateway) Read(req *wire.Request) (gateway.Exchange, error) {
	x := newExchange(g, req)
	picked := x.pick() // first of all, so that the journal can name the operation
	if x.unreadable != nil {
		return x, x.unreadable
	}
	if x.badFormat != "" {
		return x, gateway.Differ(wire.WrongFormat, "format", "Format must be JSON or XML.", "JSON or XML", x.badFormat)
	}
	return x, picked
}
