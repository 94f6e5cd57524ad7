package language

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// reacher finds what of a good document can never happen.
type reacher struct {
	*report
	advice *report
	rules  []scenario.Rule
	docs   []ruleDoc
	ops    [][]*contract.Operation // of each rule
	now    time.Time
}

// reach returns what of a scenario can never happen, and advice.
func reach(
	s *scenario.Scenario, written *scenarioDoc, catalogue *contract.Catalogue, now time.Time,
) (problems, advice scenario.Problems) {
	r := &reacher{
		report: newReport([]byte(s.Source)), advice: newReport([]byte(s.Source)), rules: s.Rules, docs: written.Rules,
		now: now,
	}
	for i := range s.Rules {
		var ops []*contract.Operation
		for _, on := range s.Rules[i].On {
			ops = append(ops, scenario.OperationsOn(on, catalogue)...)
		}
		r.ops = append(r.ops, ops)
	}
	for i := range s.Rules {
		r.rule(i)
	}
	return r.sorted(), r.advice.sorted()
}

func (r *reacher) rule(i int) {
	rule, doc := &r.rules[i], &r.docs[i]
	if hiding := r.hiding(i); len(hiding) == 1 {
		j := hiding[0]
		r.add(doc.position, "rule %d can never take a call: rule %d (line %d) takes every call that it fits%s",
			i+1, j+1, r.rules[j].Line, endlessText(&r.rules[j]))
	} else if len(hiding) > 1 {
		r.add(doc.position, "rule %d can never take a call: %s together take every call that it fits", i+1, numbers(hiding))
	}
	r.past(rule.Until, doc.of("until"), "the rule is over before it can take a call")
	for k := range rule.Then {
		r.past(rule.Then[k].Until, doc.Then[k].Value.of("until"), "the state is over before it is set")
	}
	if doc.When != nil {
		r.when(i, doc.When)
	}
	r.validated(i)
	r.early(i)
	r.packets(i)
}

// hiding lists the rules that together take every call that rule i fits, the one that does so alone where there is one;
// none where some calls reach rule i.
func (r *reacher) hiding(i int) []int {
	var all, hiding []int
	for j := range i {
		if !r.hides(j, i) {
			continue
		}
		if !slices.ContainsFunc(r.ops[i], func(op *contract.Operation) bool { return !slices.Contains(r.ops[j], op) }) {
			return []int{j}
		}
		all = append(all, j)
	}
	for _, op := range r.ops[i] {
		first := slices.IndexFunc(all, func(j int) bool { return slices.Contains(r.ops[j], op) })
		if first < 0 {
			return nil
		}
		if !slices.Contains(hiding, all[first]) {
			hiding = append(hiding, all[first])
		}
	}
	return hiding
}

// numbers names rules as people count them: "rules 1, 2 and 4".
func numbers(rules []int) string {
	text := "rules "
	for i, rule := range rules {
		switch {
		case i > 0 && i == len(rules)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += strconv.Itoa(rule + 1)
	}
	return text
}

// endlessText says why a rule never lets a call go on.
func endlessText(rule *scenario.Rule) string {
	if rule.End == scenario.Cycle {
		return ", again and again"
	}
	return ", and its last step repeats; end: release would let further calls go on"
}

// past reports a moment that has been, by real time.
func (r *reacher) past(m scenario.Moment, at position, what string) {
	if !m.IsZero() && !m.Daily && m.At.Before(r.now) {
		r.add(at, "%s lies in the past: %s", m, what)
	}
}

// hides reports whether rule j takes every call that rule i fits on an operation of both, whatever came before.
func (r *reacher) hides(j, i int) bool {
	first, second := &r.rules[j], &r.rules[i]
	switch {
	case first.Also != nil, first.Quota != nil, !first.Chance.Always(), first.End == scenario.Release, endsSometime(first):
		return false
	case second.Arrival && !first.Arrival, first.Arrival && !second.Arrival && !answersAlways(first):
		return false
	}
	return impliesAll(second, first)
}

// endsSometime reports whether a rule is over one day.
func endsSometime(rule *scenario.Rule) bool { return rule.For > 0 || !rule.Until.IsZero() }

// answersAlways reports whether each step of a rule answers the call itself.
func answersAlways(rule *scenario.Rule) bool {
	return !slices.ContainsFunc(rule.Script, func(s scenario.Step) bool { return !answers(&s) })
}

func answers(s *scenario.Step) bool {
	if s.Chance < 1 {
		return false
	}
	if len(s.Choose) > 0 {
		return !slices.ContainsFunc(s.Choose, func(c scenario.Choice) bool { return !answers(&c.Step) })
	}
	return s.Fail != nil || s.Respond != nil
}

// impliesAll reports whether a call that meets the conditions of the one rule always meets those of the other.
func impliesAll(rule, other *scenario.Rule) bool {
	for i := range other.When {
		given := &other.When[i]
		if scenario.IsState(given.Field) && rule.Per != other.Per {
			return false // the two look at different states
		}
		if !slices.ContainsFunc(rule.When, func(c scenario.Condition) bool { return implies(&c, given) }) {
			return false
		}
	}
	return true
}

// implies reports whether one condition is never met without the other: they ask the same of the same, or all texts
// that the one accepts meet the other. What they expect describes all of it, but for groups: those descriptions are
// cut.
func implies(holds, given *scenario.Condition) bool {
	if holds.Field == "" || holds.Field != given.Field {
		return false
	}
	texts := exactly(holds)
	meets := func(text string) bool {
		return (given.Longest == 0 || len(text) <= given.Longest) && given.Test(text, true)
	}
	return holds.Expected == given.Expected ||
		len(texts) > 0 && !slices.ContainsFunc(texts, func(text string) bool { return !meets(text) })
}

// exactly lists the only texts that a condition accepts; none where others are accepted too.
func exactly(c *scenario.Condition) []string {
	isExact := c.Compare == scenario.Equals || c.Compare == scenario.OneOf ||
		c.Compare == scenario.Glob && !strings.ContainsAny(c.Values[0], `*?\`)
	if isExact {
		return c.Values
	}
	return nil
}

// when reports conditions of a rule that can never hold: on time that has been, on a state that nobody sets.
func (r *reacher) when(i int, written *whenDoc) {
	for k := range written.Fields {
		w := &written.Fields[k]
		if scenario.IsState(w.Name) {
			r.state(i, w)
		}
		r.contradiction(w)
	}
	if n := written.Now; n != nil {
		if end, ok := parseInstant(n.Lt); ok && end.Before(r.now) {
			r.add(n.of("lt"), "%s lies in the past: the condition never holds", n.Lt)
		}
	}
	for k := range written.AnyOf {
		r.when(i, &written.AnyOf[k])
	}
}

// state reports a condition on a state that no rule with the same per sets, or never to a value that the condition is
// about.
func (r *reacher) state(i int, w *named[conditionDoc]) {
	name := strings.TrimPrefix(w.Name, scenario.StatePrefix)
	if w.Value.has("absent") && w.Value.Absent {
		return
	}
	conditions := (&checker{report: newReport(nil)}).conditions(w.Name, &w.Value)
	set := r.settersOf(name, r.rules[i].Per)
	switch {
	case slices.ContainsFunc(set.values, func(value string) bool { return meetsAll(conditions, value) }):
	case len(set.values) > 0:
		r.add(w.Position, "nothing sets %s to a value that is %s", w.Name, allText(bare(conditions)))
	case len(set.elsewhere) > 0:
		r.add(w.Position, "%s is set %s, and read %s: rules share a state only where they have the same %q", w.Name,
			perText(set.elsewhere[0]), perText(r.rules[i].Per), "per")
	default:
		r.addUnknown(w.Position, w.Name, set.others, "nothing sets %s, so the condition never holds", w.Name)
	}
}

// setters is who sets a state that a rule reads.
type setters struct {
	values    []string // to which rules with the same per set it
	elsewhere []string // the per of other rules that set it
	others    []string // the states that rules with the same per set
}

func (r *reacher) settersOf(name, per string) (found setters) {
	for j := range r.rules {
		for _, s := range settingsOf(&r.rules[j]) {
			switch {
			case r.rules[j].Per == per && s.State == name:
				found.values = append(found.values, s.Value)
			case r.rules[j].Per == per:
				found.others = append(found.others, scenario.StatePrefix+s.State)
			case s.State == name:
				found.elsewhere = append(found.elsewhere, r.rules[j].Per)
			}
		}
	}
	return found
}

func perText(per string) string {
	if per == "" {
		return "once for the scenario"
	}
	return "per " + per
}

// bare are conditions without their field.
func bare(conditions []scenario.Condition) []scenario.Condition {
	list := slices.Clone(conditions)
	for i := range list {
		list[i].Field = ""
	}
	return list
}

// settingsOf lists every state that a rule can set.
func settingsOf(rule *scenario.Rule) []scenario.Setting {
	all := slices.Clone(rule.Then)
	add := func(s *scenario.Step) {
		all = append(all, s.Then...)
		for i := range s.Choose {
			all = append(all, s.Choose[i].Then...)
		}
	}
	for i := range rule.Script {
		add(&rule.Script[i])
	}
	if rule.Quota != nil {
		add(&rule.Quota.Over)
	}
	return all
}

func meetsAll(conditions []scenario.Condition, text string) bool {
	return !slices.ContainsFunc(conditions, func(c scenario.Condition) bool { return !c.Test(text, true) })
}

// contradiction reports a field whose conditions no text meets together.
func (r *reacher) contradiction(w *named[conditionDoc]) {
	doc := &w.Value
	texts := doc.exact()
	if len(texts) > 0 {
		conditions := (&checker{report: newReport(nil)}).conditions(w.Name, doc)
		if !slices.ContainsFunc(texts, func(text string) bool { return meetsAll(conditions, text) }) {
			r.add(w.Position, "no text meets the conditions on %s together: %s", w.Name, allText(bare(conditions)))
		}
		return
	}
	low, okLow := parseLimit(doc.Gt)
	high, okHigh := parseLimit(doc.Lt)
	if okLow && okHigh && (low.isTime != high.isTime || !low.below(high)) {
		r.add(w.Position, "nothing is greater than %s and less than %s", doc.Gt, doc.Lt)
	}
}

// below reports whether a limit lies below another one of its kind.
func (l limit) below(other limit) bool {
	if l.isTime {
		return l.time.Before(other.time)
	}
	return l.number < other.number
}

// validated reports a condition that only calls meet which are refused before the rule is asked.
func (r *reacher) validated(i int) {
	rule, doc := &r.rules[i], &r.docs[i]
	if rule.Arrival || doc.When == nil {
		return
	}
	everywhere := func(refuses func(*contract.Operation) bool) bool {
		takes := func(op *contract.Operation) bool { return !refuses(op) }
		return len(r.ops[i]) > 0 && !slices.ContainsFunc(r.ops[i], takes)
	}
	for k := range doc.When.Fields {
		w := &doc.When.Fields[k]
		if w.Value.Absent && everywhere(func(op *contract.Operation) bool { return requires(op, w.Name) }) {
			r.add(w.Position, "a call without %s is refused before the rule is asked; at: arrival asks it before", w.Name)
		}
		values := w.Value.exact()
		if len(values) > 0 && everywhere(func(op *contract.Operation) bool { return refusesAll(op, w.Name, values) }) {
			r.advice.add(w.Position, "the spec refuses a call with such a %s before the rule is asked; at: arrival asks it "+
				"before", w.Name)
		}
	}
}

// early advises where a rule counts a refusal of the signature: real ones come before the rule, and move no step of it.
// A rule that always does the same gives no surprise by that.
func (r *reacher) early(i int) {
	rule, doc := &r.rules[i], &r.docs[i]
	counts := len(rule.Script) > 1 || rule.End != scenario.Repeat || rule.Quota != nil
	if rule.Arrival || !counts {
		return
	}
	eachStep(rule, doc, func(step *scenario.Step, at *keyPositions) {
		bySignature := func(op *contract.Operation) bool {
			e, _ := op.Error(step.Fail.Code)
			return e.Signature
		}
		if step.Fail != nil && slices.ContainsFunc(r.ops[i], bySignature) {
			r.advice.add(at.of("fail"), "the rule is asked only about calls whose signature is good: one that is really "+
				"refused with %s takes no step of it; at: arrival asks before the signature is looked at", step.Fail.Code)
		}
	})
}

// packets advises where a rule answers calls with a reply of HTTP and is about packets too.
func (r *reacher) packets(i int) {
	var names []string
	for _, op := range r.ops[i] {
		if op.API.Gateway.Packets && !slices.Contains(names, op.Name) {
			names = append(names, op.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	eachStep(&r.rules[i], &r.docs[i], func(step *scenario.Step, at *keyPositions) {
		if step.Respond != nil {
			r.advice.add(at.of("respond"), "%q writes replies of HTTP, which %s cannot be answered with: such a packet fails "+
				"with an internal error", "respond", strings.Join(names, ", "))
		}
	})
}

// exact lists the only texts that a condition can accept; none where others are accepted too.
func (d *conditionDoc) exact() []string {
	if d.has("equals") {
		return []string{d.Equals}
	}
	return d.OneOf
}

// eachStep goes through the steps of a rule and their choices, with where they are written.
func eachStep(rule *scenario.Rule, doc *ruleDoc, do func(step *scenario.Step, at *keyPositions)) {
	choices := func(step *scenario.Step, written []choiceDoc) {
		for k := range step.Choose {
			do(&step.Choose[k].Step, &written[k].keyPositions)
		}
	}
	for k := range rule.Script {
		do(&rule.Script[k], &doc.Script[k].keyPositions)
		choices(&rule.Script[k], doc.Script[k].Choose)
	}
	if rule.Quota != nil {
		do(&rule.Quota.Over, &doc.Quota.Over.keyPositions)
		choices(&rule.Quota.Over, doc.Quota.Over.Choose)
	}
}

// maxTried is how many values of a condition are put to the specs.
const maxTried = 16

// refusesAll reports whether the spec of an operation refuses its own example once a parameter has any of the values.
func refusesAll(op *contract.Operation, field string, values []string) bool {
	name, isParameter := strings.CutPrefix(field, scenario.ParameterPrefix)
	parameters, body, err := op.RequestExample()
	if err != nil || !isParameter || len(values) > maxTried {
		return false
	}
	if _, known := parameters[name]; !known || refuses(op, parameters, body) {
		return false
	}
	return !slices.ContainsFunc(values, func(value string) bool {
		parameters[name] = value
		return !refuses(op, parameters, body)
	})
}

func refuses(op *contract.Operation, parameters map[string]string, body []byte) bool {
	_, problems := op.Check(contract.Values{Text: parameters, Path: parameters, Body: body})
	return len(problems) > 0
}

// requires reports whether an operation refuses calls without a field.
func requires(op *contract.Operation, field string) bool {
	name, isParameter := strings.CutPrefix(field, scenario.ParameterPrefix)
	parameter, _, _ := strings.Cut(name, ".")
	required := op.Required()
	return isParameter && slices.Contains(required, name) && slices.Contains(required, parameter)
}
