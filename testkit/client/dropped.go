package client

import (
	"math"
	"strings"
)

// lost is what is known of the calls that a claim is about and the journal dropped: how many there are at most, and
// whether there are exactly so many.
type lost struct {
	atMost int
	exact  bool
}

// countLost counts them with the help of the coverage, which forgets nothing until a reset.
func (x Expectation) countLost(seen journalState) (lost, error) {
	if seen.dropped == 0 {
		return lost{exact: true}, nil
	}
	all := lost{atMost: int(min(seen.dropped, math.MaxInt))}
	operation, outcome, others := x.counted()
	if matches(operation, "") { // coverage does not count calls of no known operation
		all.exact = operation == "*" && outcome == "*" && !others
		return all, nil
	}
	coverage, err := x.box.control.Coverage(x.t.Context(), x.box.ID)
	if err != nil {
		return lost{}, err
	}
	came, apart := countIn(coverage, operation, outcome)
	came -= countKept(seen.all, operation, outcome)
	// Where the journal was cleared, calls of before that are in the coverage too.
	cleared := len(seen.all) == 0 || seen.all[0].Seq != seen.dropped+1
	atMost := min(int(max(came, 0)), all.atMost)
	return lost{atMost: atMost, exact: atMost == 0 || apart && !others && !cleared}, nil
}

// countKept counts the calls of an operation that ended in an outcome, both patterns.
func countKept(kept []Entry, operation, outcome string) (n int64) {
	for _, e := range kept {
		if matches(operation, e.Operation) && matches(outcome, e.Outcome) {
			n++
		}
	}
	return n
}

// counted are the conditions by which coverage counts, "*" for any, and whether there are others.
func (x Expectation) counted() (operation, outcome string, others bool) {
	operation, outcome = x.conditions[0].expected, "*"
	for _, c := range x.conditions[1:] {
		if c.known.kind == "outcome" && outcome == "*" {
			outcome = c.expected
			continue
		}
		others = true
	}
	return operation, outcome, others
}

// countIn counts the calls of an operation that ended in an outcome, both patterns. Coverage counts some outcomes
// together: apart says that none of those were counted.
func countIn(coverage Coverage, operation, outcome string) (n int64, apart bool) {
	apart = true
	for _, op := range coverage.Operations {
		if !matches(operation, op.ID) {
			continue
		}
		if matches(outcome, "ok") {
			n += op.OK
		}
		for _, code := range append(op.Errors[:len(op.Errors):len(op.Errors)], op.Undocumented...) {
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
