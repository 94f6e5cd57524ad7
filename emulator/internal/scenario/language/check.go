package language

import (
	"cmp"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// scenario makes a scenario of the document that was decoded.
func (c *checker) scenario(written *scenarioDoc) *scenario.Scenario {
	s := &scenario.Scenario{Name: written.Name, Summary: written.Summary}
	steps := 0
	for i := range written.Rules {
		rule := c.rule(&written.Rules[i])
		steps += stepsOf(&rule)
		if steps > maxSteps {
			c.add(written.Rules[i].of("script"), "the scenario has more than %d steps", maxSteps)
			return s
		}
		s.Rules = append(s.Rules, rule)
	}
	return s
}

// stepsOf counts the steps of a rule and the choices of each.
func stepsOf(rule *scenario.Rule) int {
	count := 0
	for i := range rule.Script {
		count += max(1, len(rule.Script[i].Choose))
	}
	if rule.Quota != nil {
		count += len(rule.Quota.Over.Choose)
	}
	return count
}

// scope is what the parts of a rule must know of it.
type scope struct {
	ops []*contract.Operation
	// zone is the time zone of the rule, empty for UTC.
	zone string
	// lasts says that something of the rule ends, so that there is a time left.
	lasts bool
}

func (c *checker) rule(written *ruleDoc) scenario.Rule {
	rule := scenario.Rule{
		On: written.On, Arrival: written.At != "", Per: written.Per, Zone: written.Zone, Line: written.line,
	}
	in := &scope{ops: c.operations(written), zone: written.Zone}
	if written.When != nil {
		rule.When = c.when(written.When, in)
		in.lasts = endsByWhen(rule.When)
	}
	in.lasts = in.lasts || written.has("for") || written.has("until") || written.has("quota")
	c.per(written, in)
	c.zone(written)
	rule.For, _ = parseSpan(written.For)
	rule.Until, _ = parseMoment(written.Until)
	if written.Chance != nil {
		rule.Chance = c.ramp(written.Chance)
	}
	c.way(written, &rule, in)
	rule.Then = c.settings(written.Then, in)
	return rule
}

// way makes what the rule does with the calls that fit: its script, its quota or its effects.
func (c *checker) way(written *ruleDoc, rule *scenario.Rule, in *scope) {
	if written.Also != nil {
		flow := c.effects(&written.Also.effectsDoc)
		rule.Also = &scenario.Also{Delay: flow.Delay, Network: flow.Network, Flow: flow.Flow}
		if !written.Also.broken && !written.Also.has("delay") && !written.Also.has("network") && !written.has("then") {
			c.add(written.of("also"), "also needs one of delay, network, or a %q beside it", "then")
		}
	}
	if written.Quota != nil {
		rule.Quota = c.quota(written.Quota, in)
	}
	for i := range written.Script {
		rule.Script = append(rule.Script, c.step(&written.Script[i], in))
	}
	switch {
	case written.Cycle:
		rule.End = scenario.Cycle
	case written.End == "release":
		rule.End = scenario.Release
	}
}

// endsByWhen reports whether one of the conditions that must hold can cease to hold by time alone.
func endsByWhen(when []scenario.Condition) bool {
	for _, condition := range when {
		span := condition.Span
		if span != nil && (span.Daily || !span.Before.IsZero()) || scenario.IsState(condition.Field) {
			return true
		}
	}
	return false
}

// zone reports a time zone that nothing of the rule uses.
func (c *checker) zone(written *ruleDoc) {
	used := written.has("until")
	if written.When != nil {
		used = used || written.When.usesZone()
	}
	if written.Quota != nil {
		rate, _ := parseRate(written.Quota.Rate)
		used = used || isPerDay(rate)
	}
	for i := range written.Then {
		used = used || written.Then[i].Value.has("until")
	}
	if written.has("zone") && !used {
		c.add(written.of("zone"), "%q has no meaning without %q, a condition on %s or a quota for each day", "zone", "until",
			scenario.NowField)
	}
}

// usesZone reports whether a condition inside is about a time of day.
func (w *whenDoc) usesZone() bool {
	used := w.Now != nil || w.Not != nil && w.Not.usesZone()
	for i := range w.AnyOf {
		used = used || w.AnyOf[i].usesZone()
	}
	return used
}

// ramp makes the chance of a rule.
func (c *checker) ramp(written *chanceDoc) scenario.Chance {
	if written.has("") {
		if written.Fixed == 1 {
			return scenario.Chance{}
		}
		return scenario.Chance{From: written.Fixed, To: written.Fixed}
	}
	chance := scenario.Chance{From: written.From, To: written.To}
	chance.Over, _ = parseSpan(written.Over)
	chance.Back, _ = parseSpan(written.Back)
	if written.From == written.To && !written.broken {
		c.add(written.of("to"), "a chance that goes from %g to %g does not change; write chance: %[1]g", written.From,
			written.To)
	}
	return chance
}

func (c *checker) settings(written []named[settingDoc], in *scope) []scenario.Setting {
	var list []scenario.Setting
	for i := range written {
		w := &written[i]
		name := c.stateName(w.Name, w.Position)
		s := scenario.Setting{State: name, Value: cmp.Or(w.Value.Value, w.Value.Fixed)}
		s.For, _ = parseSpan(w.Value.For)
		s.Until, _ = parseMoment(w.Value.Until)
		if s.Until.Daily {
			s.Zone = cmp.Or(w.Value.Zone, in.zone)
		}
		list = append(list, s)
	}
	return list
}

func (c *checker) quota(written *quotaDoc, in *scope) *scenario.Quota {
	rate, _ := parseRate(written.Rate)
	quota := &scenario.Quota{Calls: rate.Calls, Per: rate.Per, Burst: cmp.Or(written.Burst, rate.Calls)}
	quota.Over = c.outcome(&written.Over.outcomeDoc, &written.Over.keyPositions, in)
	quota.Over.Choose = c.choices(written.Over.Choose, in)
	switch {
	case isPerDay(rate):
		quota.Zone = cmp.Or(written.Zone, in.zone)
	case written.has("zone"):
		c.add(written.of("zone"), "%q has a meaning only for a quota for each day, such as 1000/day", "zone")
	}
	if quota.Zone != "" && quota.Burst != quota.Calls {
		c.add(written.of("burst"), "all %d calls of a day are free at midnight in %s; leave out %q, or %q for a quota that "+
			"flows", quota.Calls, quota.Zone, "burst", "zone")
	}
	return quota
}

// isPerDay reports whether a rate is one that the calendar can free.
func isPerDay(rate contract.Rate) bool { return rate.Per == 24*time.Hour }

func (c *checker) step(written *stepDoc, in *scope) scenario.Step {
	step := c.outcome(&written.outcomeDoc, &written.keyPositions, in)
	step.Times = max(written.Times, 1)
	step.Choose = c.choices(written.Choose, in)
	return step
}

func (c *checker) choices(written []choiceDoc, in *scope) []scenario.Choice {
	var list []scenario.Choice
	for i := range written {
		w := &written[i]
		choice := scenario.Choice{Weight: 1, Step: c.outcome(&w.outcomeDoc, &w.keyPositions, in)}
		if w.has("weight") {
			choice.Weight = w.Weight
		}
		list = append(list, choice)
	}
	return list
}

func (c *checker) outcome(written *outcomeDoc, at *keyPositions, in *scope) scenario.Step {
	step := c.effects(&written.effectsDoc)
	step.Times, step.Chance, step.Line = 1, 1, at.line
	if at.has("chance") {
		step.Chance = written.Chance
	}
	if written.Fail != "" {
		step.Fail = c.fail(written, at, in)
	}
	if written.Respond != nil && !written.Respond.broken {
		step.Respond = c.respond(written.Respond, in)
	}
	step.Then = c.settings(written.Then, in)
	return step
}

// effects makes the effects of a step.
func (c *checker) effects(written *effectsDoc) (step scenario.Step) {
	if written.Delay != nil {
		step.Delay = c.delay(written.Delay)
	}
	if n := written.Network; n != nil {
		step.Network = scenario.Network(n.Word)
		step.Flow.Rate, _ = parseBandwidth(n.Drip)
		step.Flow.Cut = n.Truncate
		switch {
		case n.has("truncate"):
			step.Network = scenario.Truncate
		case n.has("drip"):
			step.Network = scenario.Drip
		}
	}
	return step
}

func (c *checker) delay(written *delayDoc) scenario.Delay {
	d := scenario.Delay{
		Fixed: delayOf(cmp.Or(written.Fixed, written.First)), Median: delayOf(written.Median), P99: delayOf(written.P99),
		Between: delayOf(written.Between),
	}
	if written.has("median") && written.has("p99") && (d.Median == 0 || d.P99 < d.Median) {
		c.add(written.of("p99"), "the median must be above 0s and p99 no less than the median")
	}
	return d
}

// delayOf reads a duration that the decoder has checked already.
func delayOf(text string) time.Duration {
	d, _ := parseDuration(text)
	return d
}
