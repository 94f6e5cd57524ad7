package acs

import (
	"errors"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// exchange is one acs request from reading to reply. It implements gateway.Exchange.
type exchange struct {
	gateway *Gateway
	req     *wire.Request
	call    wire.Call
	op      *contract.Operation

	query, form []pair
	path        map[string]string // parameters of an ROA path
	claim       claim
	sent        time.Time // by the client's clock; zero where it does not say
	xml         bool
	badFormat   string
}

func newExchange(g *Gateway, req *wire.Request) *exchange {
	x := &exchange{gateway: g, req: req, query: parsePairs(req.RawQuery)}
	if len(req.Body) > 0 && gateway.IsForm(req.Header) {
		x.form = parsePairs(string(req.Body))
	}
	x.call = wire.Call{Request: req, Gateway: Name, Text: textOf(x.query, x.form)}
	x.claim = readClaim(req, x.call.Text)
	x.call.Credential = x.claim.credential()
	x.readFormat()
	return x
}

// readFormat settles between JSON and XML: the parameter Format of RPC calls, else the Accept header, else JSON.
func (x *exchange) readFormat() {
	switch format := x.call.Text["Format"]; strings.ToUpper(format) {
	case "XML":
		x.xml = true
	case "JSON":
	case "":
		accept := x.req.Header.Get("Accept")
		x.xml = strings.HasPrefix(accept, "application/xml") || strings.HasPrefix(accept, "text/xml")
	default:
		x.badFormat = format
	}
}

// pick finds the operation: by path for ROA, whatever x-acs-action says, since one SDK generation does not send it;
// else by action and version.
func (x *exchange) pick() error {
	if x.req.Path != rpcPath {
		return x.pickByPath()
	}
	action := x.claim.public(x, actionHeader, "Action")
	version := x.claim.public(x, versionHeader, "Version")
	if action == "" {
		return gateway.Refuse(wire.MissingAction, "action",
			"The request names no action: neither the parameter Action nor the header x-acs-action.", "Action")
	}
	known := x.gateway.catalogue.ByAction(Name, action)
	if len(known) == 0 {
		return gateway.Differ(wire.UnknownAction, "action", "No API has an action of this name.", "a known action", action)
	}
	if version == "" {
		return gateway.Refuse(wire.MissingVersion, "version",
			"The request names no version: neither the parameter Version nor the header x-acs-version.", "Version")
	}
	var versions []string
	for _, op := range known {
		if op.API.Version == version {
			return x.setOperation(op)
		}
		versions = append(versions, op.API.Version)
	}
	return gateway.Differ(wire.UnknownVersion, "version",
		"The action "+action+" does not exist in this version.", strings.Join(versions, " or "), version)
}

func (x *exchange) setOperation(op *contract.Operation) error {
	x.op = op
	x.call.API, x.call.Operation = op.API.Name, op.ID
	for _, method := range op.Methods {
		if method == x.req.Method {
			return nil
		}
	}
	return gateway.Differ(wire.WrongMethod, "method",
		op.ID+" does not take this HTTP method.", strings.Join(op.Methods, " or "), x.req.Method)
}

func (x *exchange) pickByPath() error {
	op, params, err := x.gateway.catalogue.ByRoute(Name, x.req.Method, x.req.Path)
	switch {
	case errors.Is(err, contract.ErrNoMethod):
		return gateway.Refuse(wire.WrongMethod, "method",
			"No operation at "+x.req.Path+" takes the method "+x.req.Method+".")
	case err != nil:
		return gateway.Refuse(wire.UnknownPath, "path", "No operation has the path "+x.req.Path+".")
	}
	x.path = params
	if err := x.setOperation(op); err != nil {
		return err
	}
	switch version := x.req.Header.Get(versionHeader); version {
	case op.API.Version:
		return nil
	case "":
		return gateway.Refuse(wire.MissingVersion, "version", "The header x-acs-version is absent.", "Version")
	default:
		return gateway.Differ(wire.UnknownVersion, "version",
			op.ID+" does not exist in this version.", op.API.Version, version)
	}
}

// Call is what was understood of the request.
func (x *exchange) Call() *wire.Call { return &x.call }

// Operation is the picked operation, nil when none was.
func (x *exchange) Operation() *contract.Operation { return x.op }

// NewID draws an upper-case UUID, the form of the provider's request ids.
func (*exchange) NewID(turn *sandbox.Turn) string { return turn.UpperUUID() }

// Validate checks query, form and body against the spec.
func (x *exchange) Validate() error {
	values := contract.Values{Text: x.call.Text, Path: x.path, Header: x.req.Header}
	if x.op.HasBody {
		values.Body = x.req.Body
	}
	return gateway.Validate(x.op, &x.call, values)
}
