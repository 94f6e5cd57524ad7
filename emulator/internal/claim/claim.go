// Package claim judges what tests claim about the calls of a sandbox, and says of a claim that does not hold which
// calls came and where they differ.
package claim

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// Claim says which calls of a sandbox are meant, and how many there must be or how they ended. In expected values "*"
// stands for any text.
type Claim struct {
	// Operation is the full name of an operation, such as "onsmqtt.ApplyToken" or "onsmqtt.*".
	Operation string
	// Where are further things that a call must have.
	Where []Condition
	// Want is how the claim ends.
	Want Want
	// Calls is the number of Times and AtLeast, Outcomes are those of Outcomes.
	Calls    int
	Outcomes []string
}

// Want is what a claim says of the calls that are meant.
type Want string

// One call came, exactly or at least so many did, none did, or they ended in these outcomes and in this order.
const (
	Once     Want = "once"
	Times    Want = "times"
	AtLeast  Want = "atLeast"
	Never    Want = "never"
	Outcomes Want = "outcomes"
)

// Condition is one thing that a call must have.
type Condition struct {
	// Of is what is looked at, Name which one of them: for a Parameter and a Header alone.
	Of    Part
	Name  string
	Value string
}

// Part is what a condition looks at.
type Part string

// A parameter stands in the query, a form, or a JSON body, where dots lead inwards. A topic is that of a packet of
// MQTT, whose expected value is a topic filter. A delivery is one of journal's states.
const (
	Operation  Part = "operation"
	Parameter  Part = "parameter"
	Header     Part = "header"
	Topic      Part = "topic"
	Outcome    Part = "outcome"
	Credential Part = "credential"
	Delivery   Part = "delivery"
)

// conditions are all things that a call must have, the operation in front.
func (c Claim) conditions() []Condition {
	return append([]Condition{{Of: Operation, Value: c.Operation}}, c.Where...)
}

// label names what a condition looks at.
func (c Condition) label() string {
	switch c.Of {
	case Parameter:
		return c.Name
	case Header:
		return "header " + c.Name
	default:
		return string(c.Of)
	}
}

// call is an entry of the journal with its parameters by name, which are read when they are first asked for.
type call struct {
	journal.Entry

	params func() map[string][]string
}

// actual are the values that a call has for a condition, mostly one or none.
func (c Condition) actual(of call) []string {
	switch c.Of {
	case Operation:
		return []string{of.Operation}
	case Parameter:
		return of.params()[c.Name]
	case Header:
		return http.Header(of.Request.Headers).Values(c.Name)
	case Topic:
		return strings.Split(strings.Join(of.params()[topicParameter], ","), ",") // a SUBSCRIBE can name several
	case Outcome:
		return []string{of.Outcome}
	case Credential:
		return []string{of.Credential}
	case Delivery:
		return []string{string(of.Delivery.State)}
	}
	return nil
}

// topicParameter is the parameter of the broker's operations that names a topic.
const topicParameter = "Topic"

func (c Condition) holds(of call) bool {
	matches := matches
	if c.Of == Topic {
		matches = isTopic
	}
	return slices.ContainsFunc(c.actual(of), func(value string) bool { return matches(c.Value, value) })
}

// matches compares a value with a pattern in which "*" stands for any text.
func matches(pattern, value string) bool {
	prefix, rest, found := strings.Cut(pattern, "*")
	if !found {
		return pattern == value
	}
	if !strings.HasPrefix(value, prefix) {
		return false
	}
	value = value[len(prefix):]
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(value, part)
		if i < 0 {
			return false
		}
		value = value[i+len(part):]
	}
	return strings.HasSuffix(value, parts[len(parts)-1])
}

// isTopic reports whether a topic lies within a topic filter of MQTT, in which + stands for one level and # for all
// below.
func isTopic(filter, topic string) bool {
	levels := strings.Split(topic, "/")
	for i, level := range strings.Split(filter, "/") {
		if level == "#" {
			return true
		}
		if i >= len(levels) || level != "+" && level != levels[i] {
			return false
		}
	}
	return len(levels) == strings.Count(filter, "/")+1
}

// limits are how many calls there must be: between least and most.
func (c Claim) limits() (least, most int) {
	switch c.Want {
	case Once:
		return 1, 1
	case Times:
		return c.Calls, c.Calls
	case AtLeast:
		return c.Calls, math.MaxInt
	case Outcomes:
		return len(c.Outcomes), len(c.Outcomes)
	default:
		return 0, 0
	}
}

// needsCalls reports whether the claim is about the calls themselves, so that their number is not enough.
func (c Claim) needsCalls() bool { return c.Want == Once || c.Want == Outcomes }

// String says which calls are meant.
func (c Claim) String() string {
	text := c.Operation
	for i, w := range c.Where {
		text += []string{" with ", ", "}[min(i, 1)] + fmt.Sprintf("%s %q", w.label(), w.Value)
	}
	return text
}

// wanted says how the claim ends.
func (c Claim) wanted() string {
	switch c.Want {
	case Once:
		return "want 1 call"
	case Times:
		return "want " + calls(c.Calls)
	case AtLeast:
		return "want at least " + calls(c.Calls)
	case Outcomes:
		return "want outcomes " + strings.Join(c.Outcomes, ", ")
	default:
		return "want no call"
	}
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}
