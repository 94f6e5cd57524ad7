// Package scenario says what a scenario is: a script that decides how operations answer. It holds the types and the
// library of known scenarios. Package language below it reads scenarios from YAML, template runs the texts of scripted
// replies, and play decides calls.
package scenario

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Scenario is a script that was read and checked. It never changes; where its cursors stand is kept in the store.
type Scenario struct {
	Name    string
	Summary string
	Rules   []Rule
	// Source is the document as written; that of a generated scenario is what would have been written.
	Source string
}

// What a rule can name besides a single operation: all operations of an API, written as the API's name with this
// suffix, or all operations.
const (
	WholeAPI      = ".*"
	AllOperations = "*"
)

// Rule picks calls and gives each the next step of its script.
type Rule struct {
	// On is "api.Operation", "api.*" or "*".
	On string
	// When holds the conditions, all of which must hold; a rule without conditions takes every call that it is on.
	When []Condition
	// Arrival says that the rule is asked before authentication instead of after validation.
	Arrival bool
	// Quota, when set, counts calls instead of stepping through Script: calls within it go on to the next rules, and
	// calls over it take the step Over.
	Quota *Quota
	// Script holds the steps in order. End says what follows the last one.
	Script []Step
	End    End
	// Line is where the rule begins in the source, zero in generated scenarios.
	Line int
}

// End says what a rule does once all of its steps have been taken.
type End int

const (
	// Repeat takes the last step again and again.
	Repeat End = iota
	// Cycle starts again with the first step.
	Cycle
	// Release takes no more calls: they go on to the next rules.
	Release
)

// Quota is a limit by the sandbox's clock: Burst calls at once, refilled at a rate of Calls in the time Per.
type Quota struct {
	Calls int
	Per   time.Duration
	Burst int
	Over  Step
}

// Step is what one call gets.
type Step struct {
	// Fail and Respond exclude each other; a step with neither passes the call on to normal behaviour.
	Fail    *Fail
	Respond *Respond
	// Times is how many calls take this step before the next; at least 1.
	Times int
	// Chance is the probability that the step does what it says; otherwise the call passes. 1 means always.
	Chance float64
	Delay  Delay
	// Network is a fault of the connection; it applies to whatever is answered.
	Network Network
	Line    int
}

// Fail is a documented error.
type Fail struct {
	Code    string
	Message string
	// Fill goes into the placeholders of code and message.
	Fill []string
}

// Respond is a reply of the script's own. Body and header values are templates.
type Respond struct {
	Status  int
	Headers map[string]string
	Body    string
	// OffSpec allows a reply that breaks the spec.
	OffSpec bool
}

// MaxDelay is the longest time that a reply can wait.
const MaxDelay = time.Hour

// Delay is how long a reply waits: a fixed time, or one drawn from a log-normal distribution with this median and 99th
// percentile.
type Delay struct {
	Fixed       time.Duration
	Median, P99 time.Duration
}

// Network is a fault of the connection.
type Network string

// The network faults. Empty means none.
const (
	Reset    Network = "reset"    // the connection is reset (RST) instead of an answer
	Close    Network = "close"    // the connection is closed without an answer
	Truncate Network = "truncate" // the body ends before its Content-Length
	Stall    Network = "stall"    // nothing is answered until the client gives up
	Drip     Network = "drip"     // the body comes a few bytes at a time
)

// Condition is one comparison of a rule's when.
type Condition struct {
	// Field is "params.X", "headers.X" or "credential".
	Field string
	// Test tells whether the field's text meets the condition; present is false when the call lacks the field.
	Test func(text string, present bool) bool
	// Expected describes what Test accepts, for explanations: `a glob post-cn-*`.
	Expected string
}

// Phase is the moment in a call's life at which rules are asked.
type Phase int

// The phases.
const (
	// AtArrival is before authentication, AtDecision after validation.
	AtArrival Phase = iota
	AtDecision
)

// Decision is what the scenarios decided for a call. In the zero value no rule took the call.
type Decision struct {
	// Scenario, Rule and Step name the step that decided; rules and steps count from 0.
	Scenario string
	Rule     int
	Step     int
	// Fault is the error to answer with; nil for a step that passes or responds.
	Fault *wire.Fault
	// Reply is the script's own reply; nil for a step that passes or fails.
	Reply   *wire.Reply
	Delay   time.Duration
	Network Network
	// Decided is false when no rule took the call.
	Decided bool
	// Misses say, for each playing rule on the operation, why it did not take the call.
	Misses []Miss
}

// Miss explains why a rule did not take a call.
type Miss struct {
	Scenario string `json:"scenario"`
	Rule     int    `json:"rule"`
	// Condition is what did not hold: "when params.InstanceId", "quota" or "end".
	Condition string `json:"condition"`
	Expected  string `json:"expected"`
	Got       string `json:"got"`
}
