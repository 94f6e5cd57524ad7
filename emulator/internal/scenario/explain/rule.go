package explain

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// onward is what becomes of calls that a rule does not take.
const onward = "go on to the next rules"

// ruleOf explains a rule.
func ruleOf(r *scenario.Rule, n int) Rule {
	made := Rule{Number: n, Line: r.Line, Sentences: []string{subject(r)}}
	add := func(sentences ...string) {
		for _, s := range sentences {
			if s != "" {
				made.Sentences = append(made.Sentences, s)
			}
		}
	}
	add(ramp(r.Chance), arrival(r), also(r), apart(r), lifetime(r), states(r), quota(r.Quota))
	if r.Quota != nil {
		made.Steps = []Step{stepOf(&r.Quota.Over, 1, calls{text: "a call beyond that", early: r.Arrival})}
	}
	for i := range r.Script {
		who := takers(r, i)
		who.early = r.Arrival
		made.Steps = append(made.Steps, stepOf(&r.Script[i], i+1, who))
	}
	made.After = append(made.After, ending(r)...)
	made.After = append(made.After, templates(r)...)
	return made
}

// subject says which calls a rule is about.
func subject(r *scenario.Rule) string {
	verb, share := "It takes ", "every call"
	switch {
	case r.Also != nil:
		verb = "It touches "
	case r.Quota != nil:
		verb = "It counts "
	}
	if !r.Chance.Always() {
		share = percent(r.Chance.From) + " of the calls"
		if r.Chance.Over > 0 {
			share = "a changing share of the calls"
		}
	}
	text := verb + share + operations(r.On) + which(r.When)
	if !r.Chance.Always() {
		text += ", drawn from the sandbox's seed; the others " + onward
	}
	return text + "."
}

// operations says what a rule is on, as it follows "every call".
func operations(on []string) string {
	var apis, others []string
	for _, each := range on {
		api, whole := strings.CutSuffix(each, scenario.WholeAPI)
		switch {
		case each == scenario.AllOperations:
			return " of any API"
		case whole:
			apis = append(apis, api)
		default:
			others = append(others, each)
		}
	}
	switch {
	case len(apis) > 1 && others == nil:
		return " of the APIs " + list(apis, "and")
	case apis != nil:
		others = append(others, "the API"+plural(len(apis) > 1)+" "+strings.Join(apis, ", "))
	}
	return " of " + list(others, "and")
}

// ramp says how the share of calls that a rule takes changes.
func ramp(c scenario.Chance) string {
	if c.Over == 0 {
		return ""
	}
	text := "The share goes evenly from " + percent(c.From) + " to " + percent(c.To) + " in the " + span(c.Over) +
		" after the first call that fits"
	if c.Back > 0 {
		return text + ", and then back to " + percent(c.From) + " within " + span(c.Back) + "."
	}
	return text + ", and then stays there."
}

func arrival(r *scenario.Rule) string {
	if !r.Arrival {
		return ""
	}
	return "It is asked when a call arrives, before signature and parameters are checked."
}

// also says what a rule adds that decides nothing.
func also(r *scenario.Rule) string {
	if r.Also == nil {
		return ""
	}
	if added := effects(r.Also); added != "" {
		return "Whatever answers such a call, " + added + "; the rule decides nothing else, and the call goes on to the " +
			"next rules."
	}
	return "It decides nothing: the call goes on to the next rules."
}

// quota says how many calls go by.
func quota(q *scenario.Quota) string {
	if q == nil {
		return ""
	}
	text := "It lets " + count(q.Calls, "call") + " " + unit(q.Per) + " go on to the next rules"
	switch {
	case q.Zone != "":
		return text + "; all of them are free again at midnight" + zone(q.Zone) + "."
	case q.Burst != q.Calls:
		return text + ", and at most " + number(q.Burst) + " at once; what was used comes back evenly."
	}
	return text + "; what was used comes back evenly."
}

// apart says what is kept separately for each value of a field.
func apart(r *scenario.Rule) string {
	if r.Per == "" {
		return ""
	}
	var kept []string
	if len(r.Script) > 0 {
		kept = append(kept, "the place in the script")
	}
	if r.Quota != nil {
		kept = append(kept, "the quota")
	}
	if r.For > 0 || !r.Until.IsZero() {
		kept = append(kept, "the time that the rule lasts")
	}
	if r.Chance.Over > 0 {
		kept = append(kept, "the changing share")
	}
	if setsStates(r) || looksAtStates(r.When) {
		kept = append(kept, "the states")
	}
	if len(kept) == 0 {
		return ""
	}
	each := "each value of " + field(r.Per)
	if r.Per == scenario.CredentialField {
		each = "each credential"
	}
	return "Kept apart for " + each + ": " + list(kept, "and") + "."
}

// lifetime says when a rule is over.
func lifetime(r *scenario.Rule) string {
	verb := "took"
	if r.Also != nil {
		verb = "touched"
	}
	first := " after the first call that it " + verb
	switch {
	case r.For > 0:
		return "It is over " + span(r.For) + first + "; later calls " + onward + "."
	case r.Until.Daily:
		return "It is over " + moment(r.Until, r.Zone) + first + "; later calls " + onward + "."
	case !r.Until.IsZero():
		return "It is over " + moment(r.Until, r.Zone) + "; later calls " + onward + "."
	}
	return ""
}

// states says which states each call of a rule sets.
func states(r *scenario.Rule) string {
	if set := settings(r.Then); set != "" {
		if r.Also != nil {
			return "Each such call sets " + set + "."
		}
		return "Each call that it takes sets " + set + "."
	}
	return ""
}

// takers says which calls take a step of a script.
func takers(r *scenario.Rule, i int) calls {
	first, last := i == 0, i == len(r.Script)-1
	times := r.Script[i].Times
	switch {
	case first && last && (r.End == scenario.Repeat || r.End == scenario.Cycle):
		return eachCall
	case last && r.End == scenario.Repeat:
		return calls{text: "every further call"}
	}
	which := "the next"
	if first {
		which = "the first"
	}
	if times <= 1 {
		return calls{text: which + " call"}
	}
	return calls{text: which + " " + count(times, "call"), many: true}
}

// ending says what comes after the last step.
func ending(r *scenario.Rule) []string {
	switch {
	case r.End == scenario.Release:
		return []string{"Further calls " + onward + "."}
	case r.End == scenario.Cycle && len(r.Script) > 1:
		return []string{"Then the script begins again with its first step."}
	}
	return nil
}

// templates explains the braces in the texts of a rule.
func templates(r *scenario.Rule) []string {
	text := textsOf(r)
	if !strings.Contains(text, "{{") {
		return nil
	}
	sentences := []string{"What stands in {{ }} is filled in anew for each call."}
	if usesLeft.MatchString(text) {
		sentences = append(sentences, "There, left stands for the seconds until "+lasting(r)+".")
	}
	return sentences
}

// usesLeft finds the time that is left in a template.
var usesLeft = regexp.MustCompile(`\{\{[^}]*\bleft\b`)

// lasting names what of a rule ends.
func lasting(r *scenario.Rule) string {
	switch {
	case r.Quota != nil:
		return "the quota has room again"
	case r.For > 0 || !r.Until.IsZero():
		return "the rule is over"
	}
	return "the condition holds no longer"
}

// setsStates reports whether a rule sets a state of its scenario.
func setsStates(r *scenario.Rule) bool {
	found := len(r.Then) > 0
	eachStep(r, func(s *scenario.Step) { found = found || len(s.Then) > 0 })
	return found
}

// looksAtStates reports whether a condition is about a state.
func looksAtStates(when []scenario.Condition) bool {
	return slices.ContainsFunc(when, func(c scenario.Condition) bool {
		return scenario.IsState(c.Field) || looksAtStates(c.Not) || slices.ContainsFunc(c.AnyOf, looksAtStates)
	})
}

// eachStep visits all steps of a rule: those of its script, the one over its quota, and the choices of each.
func eachStep(r *scenario.Rule, visit func(*scenario.Step)) {
	both := func(s *scenario.Step) {
		visit(s)
		for i := range s.Choose {
			visit(&s.Choose[i].Step)
		}
	}
	for i := range r.Script {
		both(&r.Script[i])
	}
	if r.Quota != nil {
		both(&r.Quota.Over)
	}
}

// textsOf joins all texts of a rule that can be templates.
func textsOf(r *scenario.Rule) string {
	var b strings.Builder
	eachStep(r, func(s *scenario.Step) {
		if s.Fail != nil {
			texts := append(headers(s.Fail.Headers), s.Fail.Message, s.Fail.Detail)
			b.WriteString(strings.Join(append(texts, s.Fail.Fill...), " "))
		}
		if s.Respond != nil {
			b.WriteString(s.Respond.Body + strings.Join(headers(s.Respond.Headers), " "))
		}
	})
	return b.String()
}
