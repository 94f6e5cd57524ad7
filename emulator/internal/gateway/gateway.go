// Package gateway says what a gateway is, a wire protocol with its authentication and envelopes, and holds what all
// of them need: faults looked up in the spec, parameters checked against it, JSON in the provider's order.
package gateway

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Gateway reads the requests of one wire protocol.
type Gateway interface {
	// Name is "acs", "top" or "fabric".
	Name() string
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

// First is the first value of a header, whose name is in the form in which net/http keeps it: bringing it into that
// form, as Header.Get does, would cost more than the lookup.
func First(header http.Header, kept string) string {
	if values := header[kept]; len(values) > 0 {
		return values[0]
	}
	return ""
}
