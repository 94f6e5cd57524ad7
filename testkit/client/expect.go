package client

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Expectation is a claim about the calls that a sandbox got. Methods that return an Expectation narrow it down to some
// of the calls, in any order; one of Once, Times, AtLeast, Never and Outcomes then ends it, fails the test when the
// claim does not hold, and returns the calls that it is about, the oldest first. In expected values "*" stands for any
// text. A claim about a name that does not exist fails, and so does one that nothing ended, when its test ends.
//
// Where the journal dropped some of the calls, a claim about their number is decided by what the coverage counts, if
// that is enough, and returns those that the journal kept. Any other claim that depends on what was dropped fails and
// says so.
type Expectation struct {
	t          T
	box        *Box
	conditions []condition
	within     time.Duration
	opened     *openClaims
	number     int // among those opened
	goesOn     bool
}

// condition is one thing that a call must have.
type condition struct {
	name     string
	expected string
	// actual are the values that a call has for it, mostly one or none.
	actual func(Entry) []string
	// matches compares the expected value with an actual one; nil means matches.
	matches func(expected, value string) bool
	// known is the name that must exist; empty where any can.
	known knownName
}

func (c condition) holds(e Entry) bool {
	matches := matches
	if c.matches != nil {
		matches = c.matches
	}
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

// Expect begins a claim about the calls of an operation, such as "onsmqtt.ApplyToken" or "onsmqtt.*". Where it does not
// hold the test ends there.
func (b *Box) Expect(t T, operation string) Expectation {
	t.Helper()
	return open(Expectation{t: t, box: b}, operation)
}

// Check is Expect for a test that goes on when the claim does not hold, so that several which do not are reported
// together. What it returns may then be fewer or more calls than were claimed; Once returns the zero Entry where there
// is none.
func (b *Box) Check(t T, operation string) Expectation {
	t.Helper()
	return open(Expectation{t: t, box: b, goesOn: true}, operation)
}

// open begins a claim, which its test must see ended.
func open(all Expectation, operation string) Expectation {
	t := all.t
	t.Helper()
	all.opened = &openClaims{}
	t.Cleanup(func() { all.opened.check(t) })
	return all.narrow(condition{
		name: "operation", expected: operation, actual: func(e Entry) []string { return []string{e.Operation} },
		known: knownName{"operation", operation},
	})
}

// narrow returns the claim with one more thing that calls must have; the one before stays as it was.
func (x Expectation) narrow(c condition) Expectation {
	x.conditions = append(slices.Clip(x.conditions), c)
	return x.follow()
}

// Param narrows down to calls with a parameter of that value, wherever it stands: in the query, a form, or a JSON body,
// where dots lead inwards ("content.text").
func (x Expectation) Param(name, value string) Expectation {
	return x.narrow(condition{
		name: name, expected: value, actual: func(e Entry) []string { return paramsOf(e.Request)[name] },
		known: knownName{"parameter", name},
	})
}

// Topic narrows down to MQTT packets about a topic within that filter: "+" stands for one level, "#" for all below.
func (x Expectation) Topic(filter string) Expectation {
	return x.narrow(condition{
		name: "topic", expected: filter, matches: isTopic, known: knownName{"parameter", "Topic"},
		actual: func(e Entry) []string {
			return strings.Split(strings.Join(paramsOf(e.Request)["Topic"], ","), ",") // a SUBSCRIBE can name several
		},
	})
}

// MQTTClient narrows down to MQTT packets of the client with that client id.
func (x Expectation) MQTTClient(clientID string) Expectation { return x.Param("ClientId", clientID) }

// Header narrows down to calls with a header of that value.
func (x Expectation) Header(name, value string) Expectation {
	return x.narrow(condition{
		name: "header " + name, expected: value, actual: func(e Entry) []string { return e.Request.Headers.Values(name) },
	})
}

// Outcome narrows down to calls that ended so: "ok", or the provider's code.
func (x Expectation) Outcome(outcome string) Expectation {
	return x.narrow(condition{
		name: "outcome", expected: outcome, actual: func(e Entry) []string { return []string{e.Outcome} },
		known: knownName{"outcome", outcome},
	})
}

// Credential narrows down to calls that named themselves by that AccessKey ID or app key.
func (x Expectation) Credential(id string) Expectation {
	return x.narrow(condition{
		name: "credential", expected: id, actual: func(e Entry) []string { return []string{e.Credential} },
		known: knownName{"credential", id},
	})
}

// Within gives apps that call in the background that long, in real time, until the claim must hold. Never then watches
// for the whole time.
func (x Expectation) Within(limit time.Duration) Expectation {
	x.within = limit
	return x.follow()
}

// Once claims that one call came.
func (x Expectation) Once() Entry {
	x.t.Helper()
	return first(x.end(claim{text: "want 1 call", least: 1, most: 1, kept: true}))
}

// Times claims that exactly n calls came.
func (x Expectation) Times(n int) []Entry {
	x.t.Helper()
	return x.end(claim{text: "want " + calls(n), least: n, most: n})
}

// AtLeast claims that n calls or more came.
func (x Expectation) AtLeast(n int) []Entry {
	x.t.Helper()
	return x.end(claim{text: "want at least " + calls(n), least: n, most: math.MaxInt})
}

// Never claims that no call came.
func (x Expectation) Never() {
	x.t.Helper()
	x.end(claim{text: "want no call", lasting: true})
}

// Outcomes claims that the calls ended so, in this order, and that there were no others.
func (x Expectation) Outcomes(outcomes ...string) []Entry {
	x.t.Helper()
	return x.end(claim{
		text:  fmt.Sprintf("want outcomes %s", strings.Join(outcomes, ", ")),
		least: len(outcomes), most: len(outcomes), kept: true, inOrder: true, outcomes: outcomes,
	})
}

// claim is how an Expectation ends: how many calls there must be.
type claim struct {
	text        string
	least, most int
	// kept claims are about the calls themselves: their number is not enough.
	kept bool
	// inOrder claims are about outcomes too, those of outcomes.
	inOrder  bool
	outcomes []string
	// lasting claims can only break with time.
	lasting bool
}

// verdict is what is known of a claim.
type verdict int

const (
	broken verdict = iota
	holds
	// undecided says that the journal dropped calls on which the claim depends.
	undecided
)

// judge decides a claim about the calls that were found, where the journal dropped some more.
func (c claim) judge(found []Entry, gone lost) verdict {
	fewest, most := len(found), len(found)+gone.atMost
	if gone.exact {
		fewest = most
	}
	switch {
	case most < c.least || fewest > c.most:
		return broken
	case c.kept && gone.atMost > 0 || fewest < c.least || most > c.most:
		return undecided
	case c.inOrder && !slices.Equal(outcomesOf(found), c.outcomes):
		return broken
	}
	return holds
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
	x.opened.end(x.number)
	limited, cancel := context.WithTimeout(x.t.Context(), x.within)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		seen := x.read()
		so := c.judge(seen.found, seen.gone)
		if over := limited.Err() != nil; over || (so == holds) != c.lasting {
			if unknown := x.unknownNames(c, seen); len(unknown) > 0 {
				x.fail(fmt.Sprintf("%s: %s", x, strings.Join(unknown, "; ")))
			} else if so != holds {
				x.fail(x.report(c, seen, so))
			}
			return seen.found
		}
		select {
		case <-ticker.C:
		case <-limited.Done():
		}
	}
}

// fail fails the test, which goes on if it may.
func (x Expectation) fail(report string) {
	x.t.Helper()
	if x.goesOn {
		x.t.Errorf("%s", report)
		return
	}
	x.t.Fatalf("%s", report)
}

// journalState is one look at the journal: all that is there, and what the expectation is about.
type journalState struct {
	all, found []Entry
	dropped    uint64
	// gone are the calls that the expectation is about and that are among those that the journal dropped.
	gone lost
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
	if s.gone, err = x.countLost(s); err != nil {
		x.t.Fatalf("read the coverage (%s): %v", describe(x.box.ID, x.box.Seed), err)
	}
	return s
}

// differences are the things that a call does not have.
func (x Expectation) differences(e Entry) []condition {
	return slices.DeleteFunc(slices.Clone(x.conditions), func(c condition) bool { return c.holds(e) })
}
