package client

import (
	"fmt"
	"strings"
)

const (
	// maxListed bounds the calls that a report lists; the newest are the interesting ones.
	maxListed = 20
	// maxQuoted bounds what a report quotes of one value.
	maxQuoted = 120
)

// report says what was expected, which calls came, which of them is nearest and what differs there, and the seed that
// repeats the run.
func (x Expectation) report(c claim, seen journalState, so verdict) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s, got %s\n", x, c.text, seen.got())
	switch {
	case so == undecided:
		fmt.Fprintf(&text, "  this cannot be decided: the journal keeps only the latest calls and dropped %s of this "+
			"sandbox. Clear it (Box.Clear) before what the claim is about, or claim less at a time.\n",
			calls(int(seen.dropped)))
	case c.inOrder:
		fmt.Fprintf(&text, "  %s\n", firstDifference(c.outcomes, outcomesOf(seen.found)))
	}
	fmt.Fprintf(&text, "  %s came to %s:\n", calls(len(seen.all)), describe(x.box.ID, x.box.Seed))
	x.list(&text, seen)
	if len(seen.found) == 0 {
		x.nearest(&text, seen.all)
	}
	x.elsewhere(&text, seen)
	return strings.TrimRight(text.String(), "\n")
}

// String says which calls an Expectation is about.
func (x Expectation) String() string {
	text := x.conditions[0].expected
	for i, w := range x.conditions[1:] {
		text += []string{" with ", ", "}[min(i, 1)] + fmt.Sprintf("%s %q", w.name, w.expected)
	}
	return text
}

// got says how many calls there were that a claim is about.
func (s journalState) got() string {
	n := s.gone.atMost
	switch {
	case n == 0:
		return calls(len(s.found))
	case s.gone.exact:
		return fmt.Sprintf("%s, %d of which the journal dropped", calls(len(s.found)+n), n)
	}
	return fmt.Sprintf("%s, and %d or fewer of those that the journal dropped", calls(len(s.found)), n)
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// list writes a line for each call, with a star for those that the expectation is about.
func (x Expectation) list(text *strings.Builder, seen journalState) {
	skipped := max(0, len(seen.all)-maxListed)
	if n := seen.dropped; n > 0 {
		fmt.Fprintf(text, "      the journal dropped %d older ones\n", n)
	}
	if skipped > 0 {
		fmt.Fprintf(text, "      %d older ones are not shown\n", skipped)
	}
	for _, e := range seen.all[skipped:] {
		mark := " "
		if len(x.differences(e)) == 0 {
			mark = "*"
		}
		fmt.Fprintf(text, "    %s #%d %s %s: %s (%d)%s\n", mark, e.Seq, e.Time.Format("2006-01-02T15:04:05.000Z07:00"),
			callName(e), e.Outcome, e.Status, deliveryNote(e))
		x.reasons(text, e)
	}
}

// callName is what was called, or the request line when nobody knows what that is.
func callName(e Entry) string {
	if e.Operation != "" {
		return e.Operation
	}
	return e.Request.Method + " " + shortened(e.Request.URL)
}

// reasons writes why a call was refused: what a scenario decided, and the findings that are no mere advice.
func (Expectation) reasons(text *strings.Builder, e Entry) {
	if d := e.Decision; d != nil && d.Scenario != "" {
		fmt.Fprintf(text, "        scenario %s, rule %d, step %d\n", d.Scenario, d.Rule+1, d.Step+1)
	}
	for _, f := range e.Findings {
		if f.Level == LevelError {
			fmt.Fprintf(text, "        %s: %s\n", f.Check, f.Message)
		}
	}
}

// nearest writes what differs in the call that has most of what was expected, the newest of equals.
func (x Expectation) nearest(text *strings.Builder, all []Entry) {
	if len(all) == 0 {
		return
	}
	near := all[0]
	for _, e := range all[1:] {
		if len(x.differences(e)) <= len(x.differences(near)) {
			near = e
		}
	}
	fmt.Fprintf(text, "  nearest is #%d, which differs in\n", near.Seq)
	for _, w := range x.differences(near) {
		fmt.Fprintf(text, "      %s: want %q, got %s\n", w.name, w.expected, values(w.actual(near)))
	}
}

func values(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	all := make([]string, len(list))
	for i, value := range list {
		all[i] = fmt.Sprintf("%q", shortened(value))
	}
	return strings.Join(all, ", ")
}

// shortened cuts what is too long for a report.
func shortened(text string) string {
	if len(text) <= maxQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuoted], "") + "…"
}

// firstDifference points at where two lists part.
func firstDifference(want, got []string) string {
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	at := func(list []string) string {
		if i >= len(list) {
			return "none"
		}
		return list[i]
	}
	return fmt.Sprintf("first difference at call %d: want %s, got %s (all: %s)",
		i+1, at(want), at(got), strings.Join(got, ", "))
}
