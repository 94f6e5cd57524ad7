package fabric

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// exchange is one fabric request from reading to reply. It implements gateway.Exchange.
type exchange struct {
	gateway *Gateway
	req     *wire.Request
	call    *wire.Call
	op      *contract.Operation
	path    map[string]string

	body     []byte // as JSON text
	badQuery error
	badBody  error
	allow    string // the methods of the path, when the request's own is none of them
}

func newExchange(g *Gateway, req *wire.Request) *exchange {
	x := &exchange{gateway: g, req: req}
	text := map[string]string{}
	x.badQuery = gateway.ReadForm(req.RawQuery, gateway.Unescape, func(name, value string) {
		if _, known := text[name]; !known { // as a servlet's getParameter: the first of several counts
			text[name] = value
		}
	})
	x.body, x.badBody = gateway.JSONOf(req)
	x.call = &wire.Call{Request: req, Gateway: Name, Text: text}
	return x
}

// methods are those that a path can take.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

func (x *exchange) pick() error {
	op, params, err := x.gateway.catalogue.ByRoute(Name, x.req.Method, gateway.RoutePath(x.req.Path))
	switch {
	case errors.Is(err, contract.ErrNoMethod):
		x.allow = x.allowed()
		return gateway.Differ(wire.WrongMethod, "method",
			"The path exists and does not take this method.", x.allow, x.req.Method)
	case err != nil:
		return gateway.Refuse(wire.UnknownPath, "path", "No operation has the path "+x.req.Path+".")
	}
	x.op, x.path, x.call.Elsewhere = op, params, params
	x.call.API, x.call.Operation = op.API.Name, op.ID
	return nil
}

func (x *exchange) allowed() string {
	var allowed []string
	for _, method := range methods {
		if _, _, err := x.gateway.catalogue.ByRoute(Name, method, gateway.RoutePath(x.req.Path)); err == nil {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

// names reports whether the operation's spec names that header.
func (x *exchange) names(header string) bool {
	return slices.ContainsFunc(x.op.Inputs, func(in contract.Input) bool {
		return in.In == "header" && strings.EqualFold(in.Name, header)
	})
}

// open reports whether the operation needs no AccessToken: its spec does not name the header. It is where an app
// gets one.
func (x *exchange) open() bool { return x.op != nil && !x.names(authHeader) }

// nameApp takes the app key from its header. An open operation has it in the body and ignores the header (page
// "System configuration interface, authentication", request headers). The other place serves only to find the sandbox
// that journals the refusal.
func (x *exchange) nameApp() {
	id := x.req.Header.Get(appHeader)
	if x.open() || id == "" {
		if own := appKeyOf(x.req, x.body); own != "" {
			id = own
		}
	}
	if id != "" {
		x.call.Credential = wire.Credential{Kind: wire.FabricApp, ID: id}
	}
}

// appKeyOf is the member app_key of a JSON body, empty when there is none. In a form, which is refused, it says at
// least whose call that is.
func appKeyOf(req *wire.Request, body []byte) string {
	if gateway.IsForm(req.Header) {
		form, _ := url.ParseQuery(string(req.Body))
		if key := form.Get(appKeyMember); key != "" {
			return key
		}
	}
	members, _ := membersOf(body)
	key, _ := members[appKeyMember].(string)
	return key
}

// Call is what was understood of the request.
func (x *exchange) Call() *wire.Call { return x.call }

// Operation is the picked operation, nil when none was.
func (x *exchange) Operation() *contract.Operation { return x.op }

// NewID draws a UUID. It is for the journal: no page or client shows a request id of this gateway, so none is sent.
func (*exchange) NewID(turn *sandbox.Turn) string { return turn.UUID() }

// Validate checks query, headers and body against the spec.
func (x *exchange) Validate() error {
	if x.badQuery != nil {
		return x.badQuery
	}
	values := contract.Values{Text: x.call.Text, Path: x.path, Header: x.req.Header}
	if x.op.HasBody {
		if x.badBody != nil {
			return x.badBody
		}
		values.Body = x.body
	}
	return gateway.Validate(x.op, x.call, values)
}
