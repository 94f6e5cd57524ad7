// Package scenario says what a scenario is: a script that decides how operations answer. It holds the types and the
// library of known scenarios. Package language below it reads scenarios from YAML, template runs the texts of scripted
// replies, and play decides calls.
package scenario

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
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

// Rule picks calls and gives each the next step of its script. It has one of Script, Quota and Also.
type Rule struct {
	// On lists what the rule is about: each "api.Operation", "api.*" or "*".
	On []string
	// When holds the conditions, all of which must hold; a rule without conditions takes every call that it is on.
	When []Condition
	// Arrival says that the rule is asked before authentication instead of after validation.
	Arrival bool
	// Per names the field, as Condition.Field does, for each of whose values cursor, window, quota and states are kept
	// apart; empty keeps them once.
	Per string
	// Chance is the probability with which the rule takes a call that fits; the others go on to the next rules.
	Chance Chance
	// For and Until end the rule that long after the first call that it took, or at the next such moment after it; zero
	// for a rule that does not end.
	For   time.Duration
	Until Moment
	// Zone is the time zone of Until, UTC when empty.
	Zone string
	// Also holds effects for every call that fits, which then goes on to the next rules.
	Also *Also
	// Quota, when set, counts calls instead of stepping through Script: calls within it go on to the next rules, and
	// calls over it take the step Over.
	Quota *Quota
	// Script holds the steps in order. End says what follows the last one.
	Script []Step
	End    End
	// Then holds the states that each call sets which the rule took.
	Then []Setting
	// Line is where the rule begins in the source, zero in generated scenarios.
	Line int
}

// OnText is what the rule is about, for people.
func (r *Rule) OnText() string { return strings.Join(r.On, ", ") }

// Subjects lists what the rules are about, as in Rule.On, each once.
func (s *Scenario) Subjects() []string {
	var all []string
	for i := range s.Rules {
		for _, on := range s.Rules[i].On {
			if !slices.Contains(all, on) {
				all = append(all, on)
			}
		}
	}
	return all
}

// Chance is a probability, which may change with the sandbox's clock: from From to To in the time Over, which begins
// with the first call that fits, and to From again in the time Back. The zero Chance is certainty.
type Chance struct {
	From, To   float64
	Over, Back time.Duration
}

// Always reports whether the chance is certainty.
func (c Chance) Always() bool { return c == Chance{} }

// Also are the effects of a rule that decides nothing.
type Also struct {
	Delay   Delay
	Network Network
	Flow    Flow
}

// Setting sets a state of the scenario, whose name has no prefix, to a value.
type Setting struct {
	State, Value string
	// For and Until say how long the value lasts; zero for good. Zone is that of Until, UTC when empty.
	For   time.Duration
	Until Moment
	Zone  string
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
	// Zone, when set, makes it a quota of the calendar: all calls of a day are free again at midnight in that time zone.
	Zone string
	Over Step
}

// Step is what one call gets.
type Step struct {
	// Fail, Respond and Choose exclude each other; a step with none passes the call on to normal behaviour.
	Fail    *Fail
	Respond *Respond
	// Choose holds steps of which each call gets one, drawn by weight.
	Choose []Choice
	// Times is how many calls take this step before the next; at least 1.
	Times int
	// Chance is the probability that the step does what it says; otherwise the call passes. 1 means always.
	Chance float64
	Delay  Delay
	// Network is a fault of the connection; it applies to whatever is answered.
	Network Network
	Flow    Flow
	// Then holds the states that each call sets which takes the step, after those of the rule.
	Then []Setting
	Line int
}

// Choice is one of the steps that a call can be given. Its Times and Choose are not used.
type Choice struct {
	Weight float64
	Step
}

// Fail is a documented error.
type Fail struct {
	Code string
	// Message and Detail replace the documented ones when they are not empty; they are templates.
	Message string
	Detail  string
	// Fill goes into the placeholders of code and message; the texts are templates.
	Fill []string
	// Headers are added to the reply, in the place of its own of the same name; the values are templates.
	Headers map[string]string
}

// Filled is the code with its placeholders filled as the script says.
func (f *Fail) Filled() string { return contract.Fill(f.Code, f.Fill) }

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
// percentile. Between is the pause between the slices in which the body is sent; zero sends it at once.
type Delay struct {
	Fixed       time.Duration
	Median, P99 time.Duration
	Between     time.Duration
}

// Flow says how much of a body a network fault sends, and how fast.
type Flow struct {
	// Rate is the number of bytes a second of a slow body; zero means the usual one of Drip.
	Rate int
	// Cut is the number of bytes after which a truncated body ends; zero means half of it.
	Cut int
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
	Late     Network = "late"     // the answer comes after the client gave up
)

// Condition is one comparison of a rule's when, or a group of conditions: it has one of Field, Not and AnyOf.
type Condition struct {
	// Field is "params.X", "headers.X", "credential", "state.X" or "now".
	Field string
	// Test tells whether the field's text meets the condition; present is false when the call lacks the field. It is nil
	// for the field now, which Span is about.
	Test func(text string, present bool) bool
	Span *Span
	// Not holds conditions that must not all hold. AnyOf holds groups, all conditions of one of which must hold.
	Not   []Condition
	AnyOf [][]Condition
	// Compare is how Field is compared, and with which of Values; it is what Test does, for explanations.
	Compare Comparison
	Values  []string
	// Expected describes what the condition accepts, for explanations: `a glob post-cn-*`.
	Expected string
	// Longest is the length in bytes of the longest text that is put to Test; longer ones do not meet the condition. Zero
	// means any.
	Longest int
	// Weight is what Test holds in memory beside its texts, in bytes.
	Weight int
}

// Comparison is one of the ways in which a field is compared.
type Comparison string

// The comparisons, by the keys of a document. Glob is the short form, and Present that of absent: false. Empty means
// none.
const (
	Glob    Comparison = "glob"
	Equals  Comparison = "equals"
	OneOf   Comparison = "oneOf"
	Matches Comparison = "matches"
	Greater Comparison = "gt"
	Less    Comparison = "lt"
	Absent  Comparison = "absent"
	Present Comparison = "present"
)

// Text is the condition as a phrase: "params.InstanceId is a glob post-cn-*".
func (c *Condition) Text() string {
	if c.Field == "" {
		return c.Expected
	}
	return c.Field + " is " + c.Expected
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
	// Choice is which of the step's choices was drawn, counted from 0; -1 for a step without choices.
	Choice int
	// Per and Key name the value for which the rule keeps a cursor of its own: Key is fit to be shown. They are empty for
	// a rule without.
	Per, Key string
	// States are those of the rule's scenario and key after the call; nil where the rule keeps none.
	States map[string]string
	// Left is how long the quota or the window of the rule still lasts; zero where it has none.
	Left time.Duration
	// Fault is the error to answer with; nil for a step that passes or responds.
	Fault *wire.Fault
	// Reply is the script's own reply; nil for a step that passes or fails.
	Reply *wire.Reply
	// Effects are those of the step and of the rules of Also, in force even when no rule took the call.
	Effects
	// Also lists the rules that added to the effects and decided nothing.
	Also []Touch
	// Decided is false when no rule took the call.
	Decided bool
	// Misses say, for each playing rule on the operation, why it did not take the call.
	Misses []Miss
}

// Effects are what happens to a reply on its way, whatever it says.
type Effects struct {
	// Delay is how long the reply waits, Between the pause between the slices of its body.
	Delay, Between time.Duration
	Network        Network
	Flow           Flow
}

// And returns the effects of two rules together: delays add up; of what there can be only one of, the later counts.
func (e Effects) And(later Effects) Effects {
	e.Delay, e.Between = min(e.Delay+later.Delay, MaxDelay), max(e.Between, later.Between)
	if later.Network != "" {
		e.Network = later.Network
		e.Flow.Cut = later.Flow.Cut
	}
	if later.Flow.Rate > 0 {
		e.Flow.Rate = later.Flow.Rate
	}
	return e
}

// Touch names a rule that had an effect on a call without deciding it.
type Touch struct {
	Scenario string
	Rule     int
}

// Refused is the condition of a Miss for a rule that was not asked because the call had been refused before.
const Refused = "refused"

// Miss explains why a rule did not take a call.
type Miss struct {
	Scenario string `json:"scenario"`
	Rule     int    `json:"rule"`
	// Condition is what did not hold: "when params.InstanceId", "chance", "for", "until", "quota", "end", or Refused.
	Condition string `json:"condition"`
	Expected  string `json:"expected"`
	Got       string `json:"got"`
}
