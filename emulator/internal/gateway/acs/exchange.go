package acs

import (
	"cmp"
	"errors"
	"fmt"
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
	unreadable  error // what of query or form cannot be decoded
}

func newExchange(g *Gateway, req *wire.Request) *exchange {
	x := &exchange{gateway: g, req: req}
	x.query, x.unreadable = readPairs(req.RawQuery)
	x.readBody()
	x.call = wire.Call{Request: req, Gateway: Name, Text: textOf(x.query, x.form)}
	x.claim = readClaim(req, x.call.Text)
	x.call.Credential = x.claim.credential()
	x.readFormat()
	return x
}

// readBody reads the parameters of a form.
func (x *exchange) readBody() {
	if len(x.req.Body) == 0 || !gateway.IsForm(x.req.Header) {
		return
	}
	text, err := gateway.FormOf(x.req)
	if err == nil {
		x.form, err = readPairs(text)
	}
	x.unreadable = cmp.Or(x.unreadable, err)
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

// pick finds the operation: by path for ROA, whatever x-acs-action says, since one SDK generation does not send it with
// signatures of version 1; else by action and version.
func (x *exchange) pick() error {
	if gateway.RoutePath(x.req.Path) != rpcPath {
		return x.pickByPath()
	}
	action := x.claim.public(x, actionHeader, "Action")
	version := x.claim.public(x, versionHeader, "Version")
	if action == "" {
		return x.missingPick(wire.MissingAction, "Action", actionHeader)
	}
	known := x.gateway.catalogue.ByAction(Name, action)
	if len(known) == 0 {
		return gateway.Differ(wire.UnknownAction, "action", "No API has an action of this name.", "a known action", action)
	}
	if version == "" {
		return x.missingPick(wire.MissingVersion, "Version", versionHeader)
	}
	var versions []string
	for _, op := range known {
		if op.Version == version {
			return x.setOperation(op)
		}
		versions = append(versions, op.Version)
	}
	return gateway.Differ(wire.UnknownVersion, "version",
		"The action "+action+" does not exist in this version.", strings.Join(versions, " or "), version)
}

// missingPick refuses a request that names no action or no version. V3 calls it by the header, whose place it is there.
func (x *exchange) missingPick(kind wire.Kind, parameter, header string) error {
	if x.claim.style == v3 {
		return missingHeader(header)
	}
	what := strings.ToLower(parameter)
	return gateway.Refuse(kind, what, fmt.Sprintf("The request names no %s: neither the parameter %s nor the header %s.",
		what, parameter, strings.ToLower(header)), parameter)
}

// missingHeader refuses a V3 request without a header that every client sends.
func missingHeader(name string) error {
	name = strings.ToLower(name)
	return gateway.Refuse(wire.MissingHeader, "header "+name, "The header "+name+" is absent or empty.", name)
}

func (x *exchange) setOperation(op *contract.Operation) error {
	x.op = op
	x.call.API, x.call.Operation = op.API.Name, op.ID
	if x.isAnonymous() {
		x.call.Credential = wire.Credential{Kind: wire.IssuedToken, ID: x.call.Text[op.Anonymous.Token], Secret: true}
	}
	for _, method := range op.Methods {
		if method == x.req.Method {
			return nil
		}
	}
	return gateway.Differ(wire.WrongMethod, "method",
		op.ID+" does not take this HTTP method.", strings.Join(op.Methods, " or "), x.req.Method)
}

// isAnonymous reports whether a call of an operation that needs no key names none and carries no signature. What does
// is judged like the call of any other operation.
func (x *exchange) isAnonymous() bool {
	return x.op.Anonymous != nil && x.claim.style == unsigned && x.claim.accessKeyID == ""
}

func (x *exchange) pickByPath() error {
	op, params, err := x.gateway.catalogue.ByRoute(Name, x.req.Method, gateway.RoutePath(x.req.Path))
	switch {
	case errors.Is(err, contract.ErrNoMethod):
		return gateway.Refuse(wire.WrongMethod, "method",
			"No operation at "+x.req.Path+" takes the method "+x.req.Method+".")
	case err != nil:
		return gateway.Refuse(wire.UnknownPath, "path", "No operation has the path "+x.req.Path+".")
	}
	x.path, x.call.Elsewhere = params, params
	if err := x.setOperation(op); err != nil {
		return err
	}
	if x.claim.style == v3 && x.claim.public(x, actionHeader, "Action") == "" {
		return missingHeader(actionHeader)
	}
	switch version := x.req.Header.Get(versionHeader); version {
	case op.Version:
		return nil
	case "":
		return x.missingPick(wire.MissingVersion, "Version", versionHeader)
	default:
		return gateway.Differ(wire.UnknownVersion, "version",
			op.ID+" does not exist in this version.", op.Version, version)
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
	unread := gateway.UnreadBody(x.req, gateway.FormType)
	if x.op.HasBody {
		body, err := gateway.JSONOf(x.req)
		if err != nil {
			return err
		}
		values.Body, unread = body, ""
	}
	err := gateway.Validate(x.op, &x.call, values)
	if err == nil || unread == "" {
		return err
	}
	fault := gateway.AsFault(err)
	if fault.Kind != wire.InvalidParameter {
		fault.Findings[0].Message += unread
	}
	return fault
}
