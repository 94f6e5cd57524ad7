// Package explain says in plain English what a scenario does.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// Explanation is a scenario in sentences.
type Explanation struct {
	Name    string `json:"name"`
	Summary string `json:"summary,omitempty"`
	// Sentences are about the scenario as a whole.
	Sentences []string `json:"sentences"`
	Rules     []Rule   `json:"rules"`
}

// Rule is a rule in sentences.
type Rule struct {
	// Number counts from 1. Line is where the rule begins in the document, zero for a generated scenario.
	Number int `json:"number"`
	Line   int `json:"line,omitempty"`
	// Sentences say which calls the rule is about and what holds for all of them.
	Sentences []string `json:"sentences"`
	// Steps are those of its script, or the one of calls over its quota.
	Steps []Step `json:"steps,omitempty"`
	// After are sentences about what comes after the steps.
	After []string `json:"after,omitempty"`
}

// Step is a step in a sentence, which names the calls that take it.
type Step struct {
	// Number counts from 1.
	Number int    `json:"number"`
	Line   int    `json:"line,omitempty"`
	Text   string `json:"text"`
	// Choices are what the step draws from.
	Choices []string `json:"choices,omitempty"`
}

// Scenario explains a scenario.
func Scenario(s *scenario.Scenario) Explanation {
	e := Explanation{Name: s.Name, Summary: s.Summary, Sentences: []string{}}
	if len(s.Rules) > 1 {
		e.Sentences = append(e.Sentences, fmt.Sprintf("It has %s rules, which are asked in this order; %s. A call that none "+
			"of them takes goes on to whatever else plays, and is answered as usual where nothing takes it.",
			number(len(s.Rules)), firstDecides(s)))
	}
	if early := slices.IndexFunc(s.Rules, isEarly); early >= 0 && slices.ContainsFunc(s.Rules[:early], isLate) {
		e.Sentences = append(e.Sentences, "Rules that are asked when a call arrives come before all others.")
	}
	for i := range s.Rules {
		e.Rules = append(e.Rules, ruleOf(&s.Rules[i], i+1))
	}
	return e
}

func isEarly(r scenario.Rule) bool { return r.Arrival }
func isLate(r scenario.Rule) bool  { return !r.Arrival }

// firstDecides says which of several rules decides a call.
func firstDecides(s *scenario.Scenario) string {
	for i := range s.Rules {
		if s.Rules[i].Also != nil {
			return "the first that takes a call decides it, and those that only add something leave it to the next"
		}
	}
	return "the first that takes a call decides it"
}

// Text is the explanation for a terminal.
func (e Explanation) Text() string {
	var b strings.Builder
	b.WriteString(e.Name + "\n")
	if e.Summary != "" {
		b.WriteString(e.Summary + "\n")
	}
	for _, sentence := range e.Sentences {
		b.WriteString("\n" + sentence + "\n")
	}
	for _, r := range e.Rules {
		r.write(&b)
	}
	return b.String()
}

func (r Rule) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nRule %d%s\n", r.Number, lineText(r.Line))
	for _, sentence := range r.Sentences {
		b.WriteString("  " + sentence + "\n")
	}
	for _, s := range r.Steps {
		fmt.Fprintf(b, "    Step %d%s: %s\n", s.Number, lineText(s.Line), s.Text)
		for _, choice := range s.Choices {
			b.WriteString("      - " + choice + "\n")
		}
	}
	for _, sentence := range r.After {
		b.WriteString("  " + sentence + "\n")
	}
}

func lineText(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", line)
}
