package claim

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// Verdict is what is known of a claim.
type Verdict string

const (
	// Broken says that the claim does not hold, whatever the journal dropped.
	Broken Verdict = "broken"
	// Holds says that it holds, whatever the journal dropped.
	Holds Verdict = "holds"
	// Undecided says that the journal dropped calls on which the claim depends.
	Undecided Verdict = "undecided"
	// Unknown says that a name in the claim does not exist: it would hold or fail whatever came.
	Unknown Verdict = "unknown"
)

// Seen is one look at a sandbox for one claim.
type Seen struct {
	claim   Claim
	all     []call
	found   []call
	dropped uint64
	// gone are the calls that the claim is about and that are among those that the journal dropped.
	gone lost
}

// Look finds the calls that a claim is about in a journal, which dropped so many before. What the coverage counts is
// asked for where the journal dropped some.
func Look(
	c Claim, entries []journal.Entry, dropped uint64, coverage func() (journal.Coverage, error),
) (seen Seen, err error) {
	seen = Seen{claim: c, dropped: dropped, all: callsOf(entries)}
	for _, one := range seen.all {
		if len(c.differences(one)) == 0 {
			seen.found = append(seen.found, one)
		}
	}
	seen.gone, err = seen.countLost(coverage)
	return seen, err
}

func callsOf(entries []journal.Entry) []call {
	all := make([]call, len(entries))
	for i, e := range entries {
		all[i] = call{e, sync.OnceValue(func() map[string][]string { return paramsOf(e.Request) })}
	}
	return all
}

// Found are the calls that the claim is about and the journal has, the oldest first.
func (s Seen) Found() []journal.Entry {
	entries := make([]journal.Entry, len(s.found))
	for i, one := range s.found {
		entries[i] = one.Entry
	}
	return entries
}

// differences are the things that a call does not have.
func (c Claim) differences(of call) []Condition {
	return slices.DeleteFunc(c.conditions(), func(w Condition) bool { return w.holds(of) })
}

// Judge decides the claim.
func (s Seen) Judge() Verdict {
	fewest, most := len(s.found), len(s.found)+s.gone.atMost
	if s.gone.exact {
		fewest = most
	}
	least, limit := s.claim.limits()
	switch {
	case most < least || fewest > limit:
		return Broken
	case s.claim.needsCalls() && s.gone.atMost > 0 || fewest < least || most > limit:
		return Undecided
	case s.claim.Want == Outcomes && !slices.Equal(s.outcomes(), s.claim.Outcomes):
		return Broken
	}
	return Holds
}

// IsFinal reports whether calls that are still to come leave a verdict as it is: one that holds, but for Never, which
// time can only break.
func (c Claim) IsFinal(v Verdict) bool { return (v == Holds) != (c.Want == Never) }

func (s Seen) outcomes() []string {
	all := make([]string, len(s.found))
	for i, one := range s.found {
		all[i] = one.Outcome
	}
	return all
}

// Name is a name that must exist, and what it is the name of.
type Name struct {
	Of   Part
	Name string
}

// OpenQuestions are the names of the claim that no call had, the operation in front: somebody must say whether they
// exist.
func (s Seen) OpenQuestions() []Name {
	var ask []Name
	for _, w := range s.claim.conditions() {
		name, named := w.mustExist()
		if name.Of == Parameter && s.dropped > 0 {
			continue // a call that is gone may have had it
		}
		if named && !slices.ContainsFunc(s.all, w.isNamedBy) {
			ask = append(ask, name)
		}
	}
	for _, outcome := range s.claim.Outcomes {
		one := Name{Outcome, outcome}
		came := func(of call) bool { return of.Outcome == outcome }
		if !slices.Contains(ask, one) && !slices.ContainsFunc(s.all, came) {
			ask = append(ask, one)
		}
	}
	return ask
}

// mustExist is the name in a condition that must exist; of some conditions any can.
func (c Condition) mustExist() (name Name, named bool) {
	switch c.Of {
	case Parameter:
		return Name{Parameter, c.Name}, c.Name != ""
	case Topic:
		return Name{Parameter, topicParameter}, true
	case Operation, Outcome, Credential:
		return Name{c.Of, c.Value}, c.Value != ""
	default:
		return Name{}, false
	}
}

// isNamedBy reports whether a call has the name that the condition is about: a parameter of any value counts.
func (c Condition) isNamedBy(of call) bool {
	switch c.Of {
	case Parameter:
		return len(c.actual(of)) > 0
	case Topic:
		return len(of.params()[topicParameter]) > 0
	default:
		return c.holds(of)
	}
}

// lost is what is known of the calls that a claim is about and the journal dropped: how many there are at most, and
// whether there are exactly so many.
type lost struct {
	atMost int
	exact  bool
}

// countLost counts them with the help of the coverage, which forgets nothing until a reset.
func (s Seen) countLost(coverage func() (journal.Coverage, error)) (lost, error) {
	if s.dropped == 0 {
		return lost{exact: true}, nil
	}
	all := lost{atMost: int(min(s.dropped, math.MaxInt))}
	outcome, others := s.claim.counted()
	if matches(s.claim.Operation, "") { // coverage does not count calls of no known operation
		all.exact = s.claim.Operation == "*" && outcome == "*" && !others
		return all, nil
	}
	counted, err := coverage()
	if err != nil {
		return lost{}, err
	}
	came, apart := countIn(counted, s.claim.Operation, outcome)
	came -= s.countKept(outcome)
	// Where the journal was cleared, calls of before that are in the coverage too.
	cleared := len(s.all) == 0 || s.all[0].Seq != s.dropped+1
	atMost := min(int(max(came, 0)), all.atMost)
	return lost{atMost: atMost, exact: atMost == 0 || apart && !others && !cleared}, nil
}

// countKept counts the calls of the claim's operation in the journal that ended in an outcome, a pattern.
func (s Seen) countKept(outcome string) (n int64) {
	for _, one := range s.all {
		if matches(s.claim.Operation, one.Operation) && matches(outcome, one.Outcome) {
			n++
		}
	}
	return n
}

// counted is the outcome by which coverage counts, "*" for any, and whether there are other conditions.
func (c Claim) counted() (outcome string, others bool) {
	outcome = "*"
	for _, w := range c.Where {
		if w.Of == Outcome && outcome == "*" {
			outcome = w.Value
			continue
		}
		others = true
	}
	return outcome, others
}

// countIn counts the calls of an operation that ended in an outcome, both patterns. Coverage counts some outcomes
// together: apart says that none of those were counted.
func countIn(coverage journal.Coverage, operation, outcome string) (n int64, apart bool) {
	apart = true
	for _, op := range coverage.Operations {
		if !matches(operation, op.ID) {
			continue
		}
		if matches(outcome, "ok") {
			n += op.OK
		}
		for _, code := range slices.Concat(op.Errors, op.Undocumented) {
			together := strings.Contains(code.Code, "%s") || strings.HasPrefix(code.Code, "(")
			switch {
			case outcome == "*" || !together && matches(outcome, code.Code):
				n += code.Seen
			case together && code.Seen > 0:
				n, apart = n+code.Seen, false
			}
		}
	}
	return n, apart
}
