// Package top is the gateway of the Taobao Open Platform: parameters from every part of a request, one signature over
// all of them, and envelopes in XML and JSON that always come with HTTP 200.
package top

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the gateway's name.
const Name = "top"

// The paths of the production and the pre-release hosts; SDK sources hold both.
const (
	path           = "/router/rest"
	pathPreRelease = "/top/router/rest"
)

// Gateway implements gateway.Gateway.
type Gateway struct {
	Profile

	catalogue *contract.Catalogue
	document  *contract.Gateway
	table     gateway.Table
}

// New returns the gateway over the methods of the catalogue.
func New(catalogue *contract.Catalogue) *Gateway {
	return &Gateway{
		catalogue: catalogue,
		document:  catalogue.Gateway(Name),
		table: gateway.Table{
			wire.TooLarge:             "3",
			wire.Malformed:            "47",
			wire.MissingAction:        "21",
			wire.UnknownAction:        "22",
			wire.WrongMethod:          "9",
			wire.WrongFormat:          "23",
			wire.MissingVersion:       "32",
			wire.UnknownVersion:       "33",
			wire.MissingKey:           "28",
			wire.UnknownKey:           "isv.appkey-not-exists",
			wire.MissingTimestamp:     "30",
			wire.BadTimestamp:         "31",
			wire.ExpiredTimestamp:     "31",
			wire.WrongSignatureMethod: "25",
			wire.MissingSignature:     "24",
			wire.WrongSignature:       "25",
			wire.MissingSession:       "26",
			wire.WrongSession:         "invalid-sessionkey",
			wire.MissingParameter:     "isv.missing-parameter",
			wire.InvalidParameter:     "isv.invalid-parameter",
			// SDKs try again after an isp. error (top-sdk-java, AutoRetryTaobaoClient), which is right here.
			wire.Unavailable: "isp.top-remote-service-unavailable",
			wire.Internal:    "isp.top-remote-unknown-error",
		},
	}
}

// Table implements gateway.Gateway.
func (g *Gateway) Table() gateway.Table { return g.table }

// Claims implements gateway.Gateway: the platform has one path, and the method is a parameter.
func (g *Gateway) Claims(req *wire.Request) bool {
	at := gateway.RoutePath(req.Path)
	return at == path || at == pathPreRelease
}

// Read implements gateway.Gateway.
func (g *Gateway) Read(req *wire.Request) (gateway.Exchange, error) {
	params, malformed := readParameters(req, gateway.Unescape)
	e := &exchange{gateway: g, params: params, call: &wire.Call{
		Request: req, Gateway: Name, Text: params.values,
		Credential: wire.Credential{Kind: wire.TopApp, ID: params.values["app_key"]},
	}}
	if gateway.MediaType(req.Header) == multipartType {
		e.call.Elsewhere = params.values
	}
	// The operation is looked up even for a malformed request, so that the journal can name it.
	unknown := e.pick()
	return e, cmp.Or(malformed, unknown)
}

// exchange implements gateway.Exchange.
type exchange struct {
	gateway   *Gateway
	params    *parameters
	call      *wire.Call
	operation *contract.Operation
}

// pick finds the operation by the parameter method. That comes first of all checks: the live gateway answers 21 to a
// request without any parameters.
func (e *exchange) pick() error {
	method := e.params.values["method"]
	if method == "" {
		return gateway.Refuse(wire.MissingAction, "method", "The parameter method is absent."+e.unread())
	}
	found := e.gateway.catalogue.ByAction(Name, method)
	if len(found) == 0 {
		return gateway.Differ(wire.UnknownAction, "method", "No method of that name is served.", "", validUTF8(method))
	}
	e.operation = found[0]
	e.call.API, e.call.Operation = e.operation.API.Name, e.operation.ID
	if !slices.Contains(e.operation.Methods, e.call.Request.Method) {
		return gateway.Differ(wire.WrongMethod, "HTTP method", "The operation does not take this HTTP method.",
			strings.Join(e.operation.Methods, ", "), validUTF8(e.call.Request.Method))
	}
	return nil
}

// unread tells of a body in which no parameters are looked for. node-taobao-topclient 0.1.7 sends such a one, JSON,
// with any verb but GET and POST.
func (e *exchange) unread() string {
	return gateway.UnreadBody(e.call.Request, gateway.FormType, multipartType)
}

// Call implements gateway.Exchange.
func (e *exchange) Call() *wire.Call { return e.call }

// Operation implements gateway.Exchange.
func (e *exchange) Operation() *contract.Operation { return e.operation }

// requestIDLength: live request ids have 11 to 13 characters.
const requestIDLength = 12

// NewID implements gateway.Exchange.
func (e *exchange) NewID(turn *sandbox.Turn) string {
	return turn.Draw(requestIDLength, random.Base36)
}

// Validate implements gateway.Exchange.
func (e *exchange) Validate() error {
	err := gateway.Validate(e.operation, e.call, contract.Values{Text: e.params.values, NumbersAsText: true})
	if err == nil {
		return nil
	}
	fault := gateway.AsFault(err)
	for _, input := range fault.Fill {
		if hint := notJSON(e.params.values[input]); hint != "" {
			fault.Findings = append(fault.Findings, wire.Finding{
				Check: "parameter " + input, Level: wire.LevelAdvice, Message: hint,
			})
		}
	}
	return fault
}

// notJSON recognises what generic clients make of an object that the caller did not turn into JSON.
func notJSON(value string) string {
	switch {
	case strings.HasPrefix(value, "{'"):
		return "The value is a Python dict as str() writes it: pass json.dumps(...) to the SDK."
	case strings.HasPrefix(value, "[object "):
		return "The value is a JavaScript object turned into text: pass JSON.stringify(...) to the SDK."
	}
	return ""
}

// validUTF8 makes text fit for findings, which are UTF-8.
func validUTF8(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
