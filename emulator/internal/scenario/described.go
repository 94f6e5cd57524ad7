package scenario

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// DescribedCall is a call that nobody sends: it is described to try a scenario with.
type DescribedCall struct {
	// Line is where it stands in its document.
	Line int
	// At is when it comes by the sandbox's clock: so long after the start, or at the instant Instant where that is set.
	// Unset says that neither was given: it comes with the call before it.
	At      time.Duration
	Instant time.Time
	Unset   bool

	Operation *contract.Operation
	// Params are JSON values by their names.
	Params  map[string]any
	Headers map[string]string
	// Credential is the id of the credential that signs the call.
	Credential string
	// Times is how often it comes, at least once.
	Times int
	// Refused is the documented error with which the checks refuse the call, so that only rules at arrival are asked;
	// empty for a call that is good.
	Refused string
	// Expect is what the call must come to; nil where anything will do.
	Expect *Expectation
}

// Expectation is what a described call must come to; a field that is zero expects nothing.
type Expectation struct {
	Outcome string
	Status  int
	// Rule and Step are those that take the call, counted from 1.
	Rule, Step int
	// Message and Detail are the texts of the error.
	Message, Detail string
	// Delay is nil where any will do, and so is Network; that of an undisturbed connection is empty.
	Delay   *time.Duration
	Network *Network
}
