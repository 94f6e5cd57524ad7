package gateway

import (
	"errors"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Table names, for each kind of fault, the documented error that answers it on one gateway.
type Table map[wire.Kind]string

// Answer is the documented error that answers a fault, its placeholders filled.
type Answer struct {
	contract.Error
	// Name is the filled code: what the journal calls the outcome.
	Name string
}

// Answer looks a fault up: the operation's own documented errors first, then those of the gateway. A fault without a
// row is answered as Internal, and the finding says so.
func (t Table) Answer(gw *contract.Gateway, op *contract.Operation, fault *wire.Fault) Answer {
	code := fault.Code
	if fault.Kind != wire.Documented {
		code = t.code(op, fault.Kind)
	}
	found, ok := lookUp(gw, op, code)
	if !ok {
		fault.Findings = append(fault.Findings, wire.Finding{
			Check: "fault", Level: wire.LevelError,
			Message: fmt.Sprintf("No documented error answers %v: please report this.", fault),
		})
		if found, ok = lookUp(gw, op, t[wire.Internal]); !ok {
			found = contract.Error{Code: string(fault.Kind), Status: 500, Message: fault.Error()}
		}
	}
	if fault.Message != "" {
		found.Message = fault.Message
	} else {
		found.Message = contract.Fill(found.Message, fault.Fill)
	}
	if found.Detail = contract.Fill(found.Detail, fault.Fill); fault.Detail != "" {
		found.Detail = fault.Detail
	}
	return Answer{found, contract.Fill(found.Code, fault.Fill)}
}

// code prefers the operation's own answer to bad parameters over the gateway's.
func (t Table) code(op *contract.Operation, kind wire.Kind) string {
	if op != nil && kind == wire.InvalidParameter && op.InvalidCode != "" {
		return op.InvalidCode
	}
	if op != nil && kind == wire.MissingParameter && op.MissingCode != "" {
		return op.MissingCode
	}
	return t[kind]
}

func lookUp(gw *contract.Gateway, op *contract.Operation, code string) (contract.Error, bool) {
	if op != nil {
		return op.Error(code)
	}
	return gw.Error(code)
}

// AsFault returns the fault that an error is; that of a store out of reach or without room is an Unavailable one, any
// other error an Internal one.
func AsFault(err error) *wire.Fault {
	if fault, ok := errors.AsType[*wire.Fault](err); ok {
		return fault
	}
	if errors.Is(err, store.ErrDown) || errors.Is(err, store.ErrFull) {
		return &wire.Fault{Kind: wire.Unavailable, Cause: err, Findings: []wire.Finding{{
			Check: "store", Level: wire.LevelError, Message: "The store of the emulator failed: " + err.Error() + ".",
		}}}
	}
	return &wire.Fault{Kind: wire.Internal, Cause: err, Findings: []wire.Finding{{
		Check: "emulator", Level: wire.LevelError, Message: "The emulator itself failed: " + err.Error() + ".",
	}}}
}

// WhereKeysAre ends a sentence about a credential that is not known.
const WhereKeysAre = "`tokenstage sandbox show ID` prints those of a sandbox."

// Refuse makes a fault of a gateway's check with the sentence that explains it.
func Refuse(kind wire.Kind, check, message string, fill ...string) *wire.Fault {
	return &wire.Fault{Kind: kind, Fill: fill, Findings: []wire.Finding{
		{Check: check, Level: wire.LevelError, Message: message},
	}}
}

// Differ makes a fault of a check that compared two values.
func Differ(kind wire.Kind, check, message, expected, got string) *wire.Fault {
	return &wire.Fault{Kind: kind, Findings: []wire.Finding{
		{Check: check, Level: wire.LevelError, Message: message, Expected: expected, Got: got},
	}}
}
