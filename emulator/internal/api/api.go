// Package api says what an API is: a name and the code of its operations, over one sandbox.
package api

import (
	"context"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// API is one emulated product. Its spec is found by its name; an operation of the spec that has no handler is
// answered from the spec.
type API struct {
	Name     string
	Handlers map[string]Handler // by operationId
	// Spent are, by operationId, what becomes of what a call presented that did not reach its handler.
	Spent map[string]Spent
	// Opens reads the tokens that the operations issue and that say what they are; nil where none do.
	Opens Opens
}

// Opens returns the claims of a token that a sandbox issued; false for any other text.
type Opens func(box *sandbox.Sandbox, text string) (token.Claims, bool)

// Spent is called with a call of a known operation that did not reach its handler, because it was refused before or
// answered by a scenario. It does what counts whatever the result of a call is, such as using up a code that is good
// once. Parameters stand in the call's Text; what they say is not proven. The findings say what was done.
type Spent func(ctx context.Context, turn *sandbox.Turn, call *wire.Call) ([]wire.Finding, error)

// Handler is the behaviour of one operation. It is called with an authenticated call whose Params fit the spec, and
// ends in a Result or an error; a *wire.Fault is sent as what it says, any other error as the provider's internal one.
type Handler func(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error)

// Text returns a string parameter, empty when it is absent.
func Text(call *wire.Call, name string) string {
	s, _ := call.Params[name].(string)
	return s
}

// Integer returns an integer parameter and whether it is there.
func Integer(call *wire.Call, name string) (int64, bool) {
	n, ok := call.Params[name].(int64)
	return n, ok
}

// Flag returns a boolean parameter, false when it is absent.
func Flag(call *wire.Call, name string) bool {
	b, _ := call.Params[name].(bool)
	return b
}

// Date writes an instant as of RFC 3339, in UTC. What ends beyond the year 9999, where clocks stop, is written to end
// there.
func Date(at time.Time) string { return duration.Dated(at).UTC().Format(time.RFC3339) }

// Refuse is a documented error of the operation, with the sentence that explains it in the journal.
func Refuse(code, check, why string, fill ...string) *wire.Fault {
	return &wire.Fault{
		Kind: wire.Documented, Code: code, Fill: fill,
		Findings: []wire.Finding{{Check: check, Level: wire.LevelError, Message: why}},
	}
}
