package claim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	// maxListed bounds the calls that a report lists; the newest are the interesting ones.
	maxListed = 20
	// maxElsewhere bounds those to another sandbox.
	maxElsewhere = 5
	// maxQuoted bounds what a report quotes of one value.
	maxQuoted = 120
	// clockSlack is how far the clocks of a test's machine and of the emulator's may lie apart.
	clockSlack = 2 * time.Second
)

// Box names a sandbox in a report, with what repeats its chance.
type Box struct {
	ID   string
	Seed uint64
}

func (b Box) String() string { return fmt.Sprintf("sandbox %s, seed %d", b.ID, b.Seed) }

// Elsewhere is what came to the sandbox that gets the calls of unknown credentials. An app with other credentials than
// the test's is found there.
type Elsewhere struct {
	// Box is the id of that sandbox.
	Box     string
	Entries []journal.Entry
	// Since is when the test began, by its own clock; zero for all times.
	Since time.Time
	// Credentials are those that the test's sandbox has, by gateway and id.
	Credentials []string
}

// Report says what was claimed, which calls came, which of them is nearest and what differs there, and the seed that
// repeats the run.
func (s Seen) Report(v Verdict, box Box, elsewhere *Elsewhere) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s, got %s\n", s.claim, s.claim.wanted(), s.got())
	switch {
	case v == Undecided:
		fmt.Fprintf(&text, "  this cannot be decided: the journal keeps only the latest calls and dropped %s of this "+
			"sandbox. Clear it before what the claim is about, or claim less at a time.\n", calls(int(s.dropped)))
	case s.claim.Want == Outcomes:
		fmt.Fprintf(&text, "  %s\n", firstDifference(s.claim.Outcomes, s.outcomes()))
	}
	fmt.Fprintf(&text, "  %s came to %s:\n", calls(len(s.all)), box)
	s.list(&text)
	if len(s.found) == 0 {
		s.nearest(&text)
	}
	if elsewhere != nil && len(s.found) == 0 {
		s.elsewhere(&text, box, *elsewhere)
	}
	return strings.TrimRight(text.String(), "\n")
}

// ReportUnknown says which names of the claim do not exist.
func (s Seen) ReportUnknown(unknown []string) string {
	return fmt.Sprintf("%s: %s", s.claim, strings.Join(unknown, "; "))
}

// got says how many calls there were that the claim is about.
func (s Seen) got() string {
	n := s.gone.atMost
	switch {
	case n == 0:
		return calls(len(s.found))
	case s.gone.exact:
		return fmt.Sprintf("%s, %d of which the journal dropped", calls(len(s.found)+n), n)
	}
	return fmt.Sprintf("%s, and %d or fewer of those that the journal dropped", calls(len(s.found)), n)
}

// list writes a line for each call, with a star for those that the claim is about.
func (s Seen) list(text *strings.Builder) {
	skipped := max(0, len(s.all)-maxListed)
	if n := s.dropped; n > 0 {
		fmt.Fprintf(text, "      the journal dropped %d older ones\n", n)
	}
	if skipped > 0 {
		fmt.Fprintf(text, "      %d older ones are not shown\n", skipped)
	}
	for _, one := range s.all[skipped:] {
		mark := " "
		if len(s.claim.differences(one)) == 0 {
			mark = "*"
		}
		fmt.Fprintf(text, "    %s #%d %s %s: %s (%d)%s\n", mark, one.Seq, one.Time.Format("2006-01-02T15:04:05.000Z07:00"),
			one.name(), one.Outcome, one.Status, one.deliveryNote())
		one.reasons(text)
	}
}

// name is what was called, or the request line when nobody knows what that is.
func (c call) name() string {
	return cmp.Or(c.Operation, c.Request.Method+" "+shortened(c.Request.URL))
}

// deliveryNote says what became of a reply that was not sent at once and whole.
func (c call) deliveryNote() string {
	if c.Delivery.State == journal.Whole {
		return ""
	}
	return ", " + string(c.Delivery.State)
}

// reasons writes why a call was refused: what a scenario decided, and the findings that are no mere advice.
func (c call) reasons(text *strings.Builder) {
	if d := c.Decision; d != nil && d.Scenario != "" {
		fmt.Fprintf(text, "        scenario %s, rule %d, step %d\n", d.Scenario, d.Rule+1, d.Step+1)
	}
	for _, f := range c.Findings {
		if f.Level == wire.LevelError {
			fmt.Fprintf(text, "        %s: %s\n", f.Check, f.Message)
		}
	}
}

// nearest writes what differs in the call that has most of what was expected, the newest of equals.
func (s Seen) nearest(text *strings.Builder) {
	if len(s.all) == 0 {
		return
	}
	near := s.all[0]
	for _, one := range s.all[1:] {
		if len(s.claim.differences(one)) <= len(s.claim.differences(near)) {
			near = one
		}
	}
	fmt.Fprintf(text, "  nearest is #%d, which differs in\n", near.Seq)
	for _, w := range s.claim.differences(near) {
		fmt.Fprintf(text, "      %s: want %q, got %s\n", w.label(), w.Value, values(w.actual(near)))
	}
}

// elsewhere writes which calls came to another sandbox where none that is claimed came to the test's, with the reasons
// why they were refused.
func (s Seen) elsewhere(text *strings.Builder, box Box, other Elsewhere) {
	all := callsOf(other.Entries)
	meant := slices.DeleteFunc(slices.Clone(all), func(one call) bool {
		return one.Arrived.Before(other.Since.Add(-clockSlack)) || len(s.all) > 0 && !s.claim.conditions()[0].holds(one)
	})
	switch {
	case len(meant) > 0:
		listElsewhere(text, meant, box, other)
	case len(all) > 0 && len(s.all) == 0:
		fmt.Fprintf(text, "  %s came to sandbox %s before this one was made\n", calls(len(all)), other.Box)
	}
}

func listElsewhere(text *strings.Builder, meant []call, box Box, other Elsewhere) {
	fmt.Fprintf(text, "  %s came to sandbox %s instead, where all go that name no credential of another one:\n",
		calls(len(meant)), other.Box)
	skipped := max(0, len(meant)-maxElsewhere)
	if skipped > 0 {
		fmt.Fprintf(text, "      %d older ones are not shown\n", skipped)
	}
	for _, one := range meant[skipped:] {
		fmt.Fprintf(text, "      #%d %s: %s (%d), credential %s\n", one.Seq, one.name(), one.Outcome, one.Status,
			cmp.Or(shortened(one.Credential), "none"))
		one.reasons(text)
	}
	fmt.Fprintf(text, "  the credentials of sandbox %s are %s\n", box.ID,
		cmp.Or(strings.Join(other.Credentials, ", "), "none that has an id"))
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
