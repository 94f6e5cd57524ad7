// Package gateway says what a gateway is, a wire protocol with its authentication and envelopes, and holds what all
// of them need: faults looked up in the spec, parameters checked against it, JSON in the provider's order.
package gateway

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Profile is what is known of a gateway without any spec: the facts that others ask it for.
type Profile interface {
	// Name is that of the gateway, such as "acs".
	Name() string
	// Window is how far the time that a request carries may lie from the clock, either way; zero where requests carry
	// none.
	Window() time.Duration
	// Hosts are the hosts at which the real services are reached, the best known first.
	Hosts() []Host
	// Endpoint is what clients are pointed at when the data plane listens at an address, as host:port.
	Endpoint(address string) string
	// PlainHTTP is what makes clients speak plain HTTP, in words.
	PlainHTTP() string
	// Selector is what a request carries beside method and path to be routed to an operation; empty when nothing is.
	Selector(path, action, version string) string
	// CommonParameters are the names of what a request can carry beside the parameters of its operation.
	CommonParameters() []string
	// Sign returns a copy of a request, signed anew with a key in the style that the request has. Time and nonce are
	// those that the copy carries.
	Sign(req *wire.Request, key sandbox.Key, now time.Time, nonce string) (*wire.Request, error)
	// Repeat says what becomes of a request that is sent once more as it is.
	Repeat(req *wire.Request) Repeat
	// Settings are what clients of a sandbox are configured with, given the data plane's address as host:port and the
	// sandbox's credentials for this gateway as its definition lists them.
	Settings(address string, credentials []json.RawMessage) (settings.Settings, error)
	// Habits are what clients do by themselves.
	Habits() settings.Habits
	// Scheme is how the credentials are written; nil where calls are signed with those of another gateway.
	Scheme() sandbox.Scheme
	// Hidden is a credential with words in the place of its secrets.
	Hidden(credential json.RawMessage) (json.RawMessage, error)
}

// Host is a host of a real service, or several whose names differ in one part.
type Host struct {
	// Pattern is how people read it, such as "service.<region>.example.com".
	Pattern string
	// Names are the names one by one.
	Names []string
}

// SingleHosts are hosts that have nothing in common.
func SingleHosts(names ...string) []Host {
	hosts := make([]Host, len(names))
	for i, name := range names {
		hosts[i] = Host{Pattern: name, Names: []string{name}}
	}
	return hosts
}

// Repeat is what becomes of a request that is sent once more as it is.
type Repeat struct {
	Result RepeatResult
	// Why says it in words, beginning in lower case and without a full stop at its end.
	Why string
}

// RepeatResult tells apart what can become of such a request.
type RepeatResult int

const (
	// RepeatRefused says that a request that passed is refused when it comes again, now or after a while.
	RepeatRefused RepeatResult = iota
	// RepeatSame says that a request is judged as it was: nothing in it is used up but tokens that are good once.
	RepeatSame
	// RepeatWorks says that nothing keeps the request from being good again.
	RepeatWorks
)

// Gateway reads the requests of one wire protocol.
type Gateway interface {
	Profile

	// Table is how the gateway answers each kind of fault.
	Table() Table
	// Claims reports whether the request is this gateway's, judged by path and public markers alone.
	Claims(req *wire.Request) bool
	// Read parses the parameters, names the credential and picks the operation. The Exchange is there also
	// beside a Fault, so that the Fault can be answered in the gateway's envelope.
	Read(req *wire.Request) (Exchange, error)
	// ReadReply reads a reply of which only status, headers and body are known: the outcome that it carries, empty where
	// it names none, and the value of its JSON body in the shape that the spec describes, nil where the body is no JSON.
	ReadReply(reply wire.Reply) (outcome string, value any)
	// ContentType is the content type in which the gateway sends a body, which may be JSON, XML or plain text; an empty
	// body has none.
	ContentType(body []byte) string
}

// Preflighter is a Gateway of which is known how it answers OPTIONS: browsers ask so, without any credential, whether
// they may send a call to another origin. Other gateways judge OPTIONS like any method.
type Preflighter interface {
	// Preflight is the answer to an OPTIONS request; false for any other.
	Preflight(req *wire.Request) (wire.Reply, bool)
}

// Storer is a Gateway whose calls bring what is to be stored: their bodies can be larger than those of others.
type Storer interface {
	// LargestBody is how many bytes the body of a request may have that seems to be this gateway's; zero for any other.
	// The body is not read yet.
	LargestBody(req *wire.Request) int
}

// Exchange is one request in the hands of its gateway, from reading to reply.
type Exchange interface {
	// Call is what was understood so far.
	Call() *wire.Call
	// Operation is the operation that was picked, nil when none was.
	Operation() *contract.Operation
	// Authenticate holds the request to the gateway's checks, in its order. The findings are advice about a
	// request that passed.
	Authenticate(ctx context.Context, turn *sandbox.Turn) ([]wire.Finding, error)
	// Validate checks the parameters against the spec and sets Call().Params.
	Validate() error
	// NewID draws the request id in the gateway's form.
	NewID(turn *sandbox.Turn) string
	// Reply wraps a result; Refuse does the same for a fault.
	Reply(result wire.Result) wire.Reply
	Refuse(fault *wire.Fault) wire.Reply
}
