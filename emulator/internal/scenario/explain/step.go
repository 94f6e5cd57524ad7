package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// calls are the subject of a sentence: "the first call", or "the next 2 calls".
type calls struct {
	text string
	many bool
	// early says that they are asked about at arrival: those that pass go on to the checks, not to their usual answer.
	early bool
}

// verb is the form of a verb for the subject.
func (c calls) verb(one, many string) string {
	if c.many {
		return many
	}
	return one
}

// pass says that calls get their normal behaviour.
func (c calls) pass() string {
	if c.early {
		return c.verb("goes", "go") + " on to the checks"
	}
	return c.verb("is", "are") + " answered as usual"
}

var eachCall = calls{text: "each call"}

// Outcome says what a step does with a call, without a subject: "fails with Throttling.User after 2 seconds".
func Outcome(s *scenario.Step) string { return outcome(s, eachCall) }

func outcome(s *scenario.Step, who calls) string {
	text := predicate(s, who)
	if s.Chance < 1 {
		text = "with a probability of " + percent(s.Chance) + " " + text + ", and otherwise " + who.pass()
	}
	if options := choices(s, who); len(options) > 0 {
		text += ": " + strings.Join(options, "; ")
	}
	return text
}

// stepOf explains the step that some calls take.
func stepOf(s *scenario.Step, n int, who calls) Step {
	step := Step{Number: n, Line: s.Line, Text: who.text + " " + predicate(s, who), Choices: choices(s, who)}
	if set := settings(s.Then); set != "" {
		step.Text += ", and " + who.verb("sets ", "each set ") + set
	}
	if s.Chance < 1 {
		step.Text = "with a probability of " + percent(s.Chance) + who.verb("", " each") + ", " + step.Text + "; otherwise " +
			who.verb("it ", "they ") + who.pass()
	}
	end := "."
	if len(step.Choices) > 0 {
		end = ":"
	}
	step.Text = capital(step.Text) + end
	return step
}

// predicate says what becomes of calls.
func predicate(s *scenario.Step, who calls) string {
	text := answer(s, who)
	if s.Delay.Fixed > 0 || s.Delay.Median > 0 {
		text += " after " + delay(s.Delay)
	}
	if s.Delay.Between > 0 {
		text += ", sent in slices with pauses of " + span(s.Delay.Between)
	}
	if broken := network(s.Network, s.Flow); broken != "" {
		text += ", but " + broken
	}
	return text
}

// answer says how calls are answered.
func answer(s *scenario.Step, who calls) string {
	switch {
	case s.Fail != nil:
		return who.verb("fails", "fail") + " with " + failure(s.Fail)
	case s.Respond != nil:
		return who.verb("gets", "get") + " " + reply(s.Respond)
	case len(s.Choose) > 0:
		return who.verb("gets", "each get") + " one of these, drawn from the sandbox's seed"
	}
	if unanswered(s.Network) && !who.early {
		return who.verb("is", "are") + " carried out as usual"
	}
	return who.pass()
}

// unanswered reports whether a fault of the network keeps the answer from the client.
func unanswered(n scenario.Network) bool {
	return n == scenario.Reset || n == scenario.Close || n == scenario.Stall || n == scenario.Late
}

func failure(f *scenario.Fail) string {
	text := f.Filled()
	var with []string
	if f.Message != "" {
		with = append(with, "the message "+quote(contract.Fill(f.Message, f.Fill)))
	}
	if f.Detail != "" {
		with = append(with, "the detail "+quote(contract.Fill(f.Detail, f.Fill)))
	}
	with = append(with, headers(f.Headers)...)
	if len(with) > 0 {
		text += ", with " + list(with, "and")
	}
	return text
}

func reply(r *scenario.Respond) string {
	text := fmt.Sprintf("the scenario's own reply, HTTP %d with ", r.Status)
	body := "an empty body"
	if strings.TrimSpace(r.Body) != "" {
		body = "the body " + quote(r.Body)
	}
	text += list(append([]string{body}, headers(r.Headers)...), "and")
	if r.OffSpec {
		text += ", which may break the spec"
	}
	return text
}

func headers(all map[string]string) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		texts = append(texts, "the header "+quote(name+": "+all[name]))
	}
	return texts
}

// delay says how long an answer waits.
func delay(d scenario.Delay) string {
	if d.Median > 0 {
		return "a random delay (half of the calls wait less than " + span(d.Median) + ", 99% less than " + span(d.P99) + ")"
	}
	return span(d.Fixed)
}

// network says what becomes of the connection, as a clause of its own; empty where nothing does.
func network(n scenario.Network, flow scenario.Flow) string {
	switch n {
	case scenario.Reset:
		return "in place of the answer the connection is reset"
	case scenario.Close:
		return "in place of the answer the connection is closed"
	case scenario.Truncate:
		if flow.Cut > 0 {
			return "the connection breaks after " + count(flow.Cut, "byte") + " of the body"
		}
		return "the connection breaks after half of the body"
	case scenario.Stall:
		return "nothing is sent until the client gives up"
	case scenario.Drip:
		if flow.Rate > 0 {
			return "the body comes slowly, at " + bandwidth(flow.Rate)
		}
		return "the body comes slowly, a few bytes at a time"
	case scenario.Late:
		return "the answer is sent only after the client has given up"
	}
	return ""
}

// bandwidth writes bytes a second in the unit that has no fraction.
func bandwidth(rate int) string {
	const kilo = 1 << 10
	switch {
	case rate%(kilo*kilo) == 0:
		return number(rate/kilo/kilo) + " MB a second"
	case rate%kilo == 0:
		return number(rate/kilo) + " KB a second"
	}
	return count(rate, "byte") + " a second"
}

// settings says which states get which values, as it follows "sets".
func settings(all []scenario.Setting) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = "the state " + s.State + " to " + quote(s.Value)
		switch {
		case s.For > 0:
			texts[i] += " for " + span(s.For)
		case !s.Until.IsZero():
			texts[i] += " until " + strings.TrimPrefix(moment(s.Until, s.Zone), "at ")
		}
	}
	return list(texts, "and")
}

// choices are what a step draws from, with the odds of each.
func choices(s *scenario.Step, who calls) []string {
	total := 0.0
	for i := range s.Choose {
		total += s.Choose[i].Weight
	}
	texts := make([]string, len(s.Choose))
	for i := range s.Choose {
		texts[i] = percent(s.Choose[i].Weight/total) + ": " + choice(&s.Choose[i].Step, who.early)
	}
	return texts
}

// choice says what a choice does, without a subject.
func choice(s *scenario.Step, early bool) string {
	text := outcome(s, calls{early: early})
	if set := settings(s.Then); set != "" {
		text += ", and sets " + set
	}
	return text
}

// effects says what a rule adds to the answers of its calls.
func effects(a *scenario.Also) string {
	var parts []string
	if a.Delay.Fixed > 0 || a.Delay.Median > 0 {
		parts = append(parts, "the answer comes after "+delay(a.Delay))
	}
	if a.Delay.Between > 0 {
		parts = append(parts, "the body is sent in slices with pauses of "+span(a.Delay.Between))
	}
	if broken := network(a.Network, a.Flow); broken != "" {
		parts = append(parts, broken)
	}
	return list(parts, "and")
}
