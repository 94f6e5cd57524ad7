// Package gateway says what a gateway is, a wire protocol with its authentication and envelopes, and holds what all
// of them need: faults looked up in the spec, parameters checked against it, JSON in the provider's order.
package gateway

import (
	"context"

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
