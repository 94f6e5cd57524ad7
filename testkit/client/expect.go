package client

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Expectation is a claim about the calls that a sandbox got. Methods that return an Expectation narrow it down to some
// of the calls, in any order; one of Once, Times, AtLeast, Never and Outcomes then ends it, fails the test when the
// claim does not hold, and returns the calls that it is about, the oldest first. In expected values "*" stands for any
// text.
type Expectation struct {
	t          T
	box        *Box
	conditions []condition
	within     time.Duration
}

// condition is one thing that a call must have.
type condition struct {
	name     string
	expected string
	// actual are the values that a call has for it, mostly one or none.
	actual func(Entry) []string
}

func (c condition) holds(e Entry) bool {
	return slices.ContainsFunc(c.actual(e), func(value string) bool { return matches(c.expected, value) })
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

// Expect begins a claim about the calls of an operation, such as "onsmqtt.ApplyToken" or "onsmqtt.*".
func (b *Box) Expect(t T, operation string) Expectation {
	all := Expectation{t: t, box: b}
	return all.narrow("operation", operation, func(e Entry) []string { return []string{e.Operation} })
}

// narrow returns the claim with one more thing that calls must have; the one before stays as it was.
func (x Expectation) narrow(name, expected string, actual func(Entry) []string) Expectation {
	x.conditions = append(slices.Clip(x.conditions), condition{name, expected, actual})
	return x
}

// Param narrows down to calls with a parameter of that value, wherever it stands: in the query, a form, or a JSON body,
// where dots lead inwards ("content.text").
func (x Expectation) Param(name, value string) Expectation {
	return x.narrow(name, value, func(e Entry) []string { return paramsOf(e.Request)[name] })
}

// Header narrows down to calls with a header of that value.
func (x Expectation) Header(name, value string) Expectation {
	return x.narrow("header "+name, value, func(e Entry) []string { return e.Request.Headers.Values(name) })
}

// Outcome narrows down to calls that ended so: "ok", or the provider's code.
func (x Expectation) Outcome(outcome string) Expectation {
	return x.narrow("outcome", outcome, func(e Entry) []string { return []string{e.Outcome} })
}

// Credential narrows down to calls that named themselves by that AccessKey ID or app key.
func (x Expectation) Credential(id string) Expectation {
	return x.narrow("credential", id, func(e Entry) []string { return []string{e.Credential} })
}

// Within gives apps that call in the background that long, in real time, until the claim must hold. Never then watches
// for the whole time.
func (x Expectation) Within(limit time.Duration) Expectation {
	x.within = limit
	return x
}

// Once claims that one call came.
func (x Expectation) Once() Entry {
	x.t.Helper()
	return x.Times(1)[0]
}

// Times claims that exactly n calls came.
func (x Expectation) Times(n int) []Entry {
	x.t.Helper()
	return x.end(claim{
		text: "want " + calls(n), holds: func(found []Entry) bool { return len(found) == n },
	})
}

// AtLeast claims that n calls or more came.
func (x Expectation) AtLeast(n int) []Entry {
	x.t.Helper()
	return x.end(claim{
		text: "want at least " + calls(n), holds: func(found []Entry) bool { return len(found) >= n },
	})
}

// Never claims that no call came.
func (x Expectation) Never() {
	x.t.Helper()
	x.end(claim{text: "want no call", lasting: true, holds: func(found []Entry) bool { return len(found) == 0 }})
}

// Outcomes claims that the calls ended so, in this order, and that there were no others.
func (x Expectation) Outcomes(outcomes ...string) []Entry {
	x.t.Helper()
	return x.end(claim{
		text:  fmt.Sprintf("want outcomes %s", strings.Join(outcomes, ", ")),
		holds: func(found []Entry) bool { return slices.Equal(outcomesOf(found), outcomes) },
		differs: func(found []Entry) string {
			return firstDifference(outcomes, outcomesOf(found))
		},
	})
}

// claim is how an Expectation ends.
type claim struct {
	text  string
	holds func(found []Entry) bool
	// differs says more about a claim that does not hold; nil has nothing to say.
	differs func(found []Entry) string
	// lasting claims can only break with time.
	lasting bool
}

func outcomesOf(entries []Entry) []string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Outcome
	}
	return all
}

// pollInterval is how often the journal is read while a claim may still come true.
const pollInterval = 10 * time.Millisecond

// end reads the journal until the claim is decided, and fails the test when it does not hold.
func (x Expectation) end(c claim) []Entry {
	x.t.Helper()
	limited, cancel := context.WithTimeout(x.t.Context(), x.within)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		seen := x.read()
		holds := c.holds(seen.found)
		if over := limited.Err() != nil; over || holds != c.lasting {
			if !holds {
				x.t.Fatalf("%s", x.report(c, seen))
			}
			return seen.found
		}
		select {
		case <-ticker.C:
		case <-limited.Done():
		}
	}
}

// journalState is one look at the journal: all that is there, and what the expectation is about.
type journalState struct {
	all, found []Entry
	dropped    uint64
}

func (x Expectation) read() journalState {
	x.t.Helper()
	var s journalState
	var err error
	s.all, s.dropped, err = x.box.control.allRequests(x.t.Context(), x.box.ID, Filter{})
	if err != nil {
		x.t.Fatalf("read the journal (%s): %v", describe(x.box.ID, x.box.Seed), err)
	}
	for _, e := range s.all {
		if len(x.differences(e)) == 0 {
			s.found = append(s.found, e)
		}
	}
	return s
}

// differences are the things that a call does not have.
func (x Expectation) differences(e Entry) []condition {
	return slices.DeleteFunc(slices.Clone(x.conditions), func(c condition) bool { return c.holds(e) })
}
