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
		steps += len(rule.Script)
		if steps > maxSteps {
			c.add(written.Rules[i].of("script"), "the scenario has more than %d steps", maxSteps)
			return s
		}
		s.Rules = append(s.Rules, rule)
	}
	return s
}

func (c *checker) rule(written *ruleDoc) scenario.Rule {
	rule := scenario.Rule{On: written.On, Arrival: written.At != "", Line: written.line}
	ops := c.operations(written)
	rule.When = c.when(written.When, ops)
	if written.Quota != nil {
		rule.Quota = c.quota(written.Quota, ops)
	}
	for i := range written.Script {
		rule.Script = append(rule.Script, c.step(&written.Script[i], ops))
	}
	switch {
	case written.Cycle:
		rule.End = scenario.Cycle
	case written.End == "release":
		rule.End = scenario.Release
	}
	return rule
}

func (c *checker) when(written []named[conditionDoc], ops []*contract.Operation) []scenario.Condition {
	var list []scenario.Condition
	for _, w := range written {
		c.field(w.Name, w.Position, ops)
		list = append(list, c.conditions(w.Name, &w.Value)...)
	}
	return list
}

func (c *checker) quota(written *quotaDoc, ops []*contract.Operation) *scenario.Quota {
	rate, _ := parseRate(written.Rate)
	over := c.outcome(&written.Over.outcomeDoc, &written.Over.keyPositions, ops)
	return &scenario.Quota{Calls: rate.Calls, Per: rate.Per, Burst: cmp.Or(written.Burst, rate.Calls), Over: over}
}

func (c *checker) step(written *stepDoc, ops []*contract.Operation) scenario.Step {
	step := c.outcome(&written.outcomeDoc, &written.keyPositions, ops)
	step.Times = max(written.Times, 1)
	return step
}

func (c *checker) outcome(written *outcomeDoc, at *keyPositions, ops []*contract.Operation) scenario.Step {
	step := scenario.Step{Times: 1, Chance: 1, Network: scenario.Network(written.Network), Line: at.line}
	if at.has("chance") {
		step.Chance = written.Chance
	}
	if written.Fail != "" {
		step.Fail = c.fail(written, at, ops)
	}
	if written.Respond != nil && !written.Respond.broken {
		step.Respond = c.respond(written.Respond, ops)
	}
	if written.Delay != nil {
		step.Delay = c.delay(written.Delay)
	}
	return step
}

func (c *checker) delay(written *delayDoc) scenario.Delay {
	fixed, median, p99 := duration(written.Fixed), duration(written.Median), duration(written.P99)
	if written.has("median") && written.has("p99") && (median == 0 || p99 < median) {
		c.add(written.of("p99"), "the median must be above 0s and p99 no less than the median")
	}
	return scenario.Delay{Fixed: fixed, Median: median, P99: p99}
}

// duration reads a duration that the decoder has checked already.
func duration(text string) time.Duration {
	d, _ := parseDuration(text)
	return d
}
