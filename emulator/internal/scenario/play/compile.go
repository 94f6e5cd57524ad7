package play

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
)

// compiledScenario is a scenario prepared for playing under a name: its rules are checked, its templates parsed.
type compiledScenario struct {
	name    string
	summary string
	rules   []compiledRule
	// cacheKey is the key under which the engine keeps it.
	cacheKey string
	// textSize counts the bytes of its texts, on which its use of memory depends.
	textSize int
}

// size is what the cache counts for the scenario: the bytes of its texts.
func (s *compiledScenario) size() int { return s.textSize }

// compiledRule is a rule with its conditions and steps compiled.
type compiledRule struct {
	*scenario.Rule
	index      int
	salt       uint64 // makes two rules draw different random numbers
	conditions []compiledCondition
	steps      []compiledStep
	over       compiledStep // the step of calls over the quota
	overQuota  string       // describes the calls that are over the quota, for explanations
	// ends holds, for each step, the number of the last call that takes it. Calls count from 1.
	ends []int64
}

// compiledStep is a step with its message filled in and its templates parsed.
type compiledStep struct {
	*scenario.Step
	index int
	// location says where the step is written: scenario, rule, step and line.
	location string
	// message is that of Fail, with its placeholders filled.
	message string
	headers []compiledHeader
	body    template.Template
}

type compiledHeader struct {
	name  string
	value template.Template
}

// compile prepares a scenario for playing under a name. It repeats checks of the decoder, since a scenario can also be
// built in Go without a document.
func compile(s *scenario.Scenario, name string) (*compiledScenario, error) {
	compiled := &compiledScenario{
		name: cmp.Or(name, s.Name), summary: s.Summary, rules: make([]compiledRule, len(s.Rules)), textSize: textSizeOf(s),
	}
	for i := range s.Rules {
		r, err := compileRule(&s.Rules[i], i, compiled.name)
		if err != nil {
			return nil, fmt.Errorf("scenario %s, rule %d: %w", compiled.name, i, err)
		}
		compiled.rules[i] = r
	}
	return compiled, nil
}

// textSizeOf counts the bytes of a scenario's texts. A text that YAML aliases repeat counts each time.
func textSizeOf(s *scenario.Scenario) int {
	sum := len(s.Source)
	for _, r := range s.Rules {
		for _, c := range r.When {
			sum += len(c.Expected)
		}
		for _, step := range r.Script {
			if step.Respond == nil {
				continue
			}
			sum += len(step.Respond.Body)
			for _, value := range step.Respond.Headers {
				sum += len(value)
			}
		}
	}
	return sum
}

func compileRule(r *scenario.Rule, index int, name string) (compiledRule, error) {
	compiled := compiledRule{Rule: r, index: index, salt: ruleSalt(name, index)}
	for i := range r.When {
		compiled.conditions = append(compiled.conditions, compileCondition(&r.When[i]))
	}
	where := fmt.Sprintf("scenario %s, rule %d", name, index)
	if q := r.Quota; q != nil {
		if q.Calls < 1 || q.Per < 1 || q.Burst < 1 {
			return compiledRule{}, errors.New("a quota needs a rate and a burst")
		}
		over, err := compileStep(&q.Over, 0, where+", over its quota")
		compiled.over = over
		compiled.overQuota = fmt.Sprintf("a call beyond %d in %s, %d at once", q.Calls, q.Per, q.Burst)
		return compiled, err
	}
	if len(r.Script) == 0 {
		return compiledRule{}, errors.New("a rule needs a quota or at least one step")
	}
	total := int64(0)
	for i := range r.Script {
		s, err := compileStep(&r.Script[i], i, where+", step "+strconv.Itoa(i))
		if err != nil {
			return compiledRule{}, err
		}
		total += int64(max(s.Times, 1))
		compiled.steps, compiled.ends = append(compiled.steps, s), append(compiled.ends, total)
	}
	return compiled, nil
}

func compileStep(s *scenario.Step, index int, location string) (compiledStep, error) {
	if s.Line > 0 {
		location += " (line " + strconv.Itoa(s.Line) + ")"
	}
	compiled := compiledStep{Step: s, index: index, location: location}
	switch {
	case s.Fail != nil:
		compiled.message = contract.Fill(s.Fail.Message, s.Fail.Fill)
	case s.Respond != nil:
		return compiled, compiled.compileRespond(s.Respond)
	}
	return compiled, nil
}

func (s *compiledStep) compileRespond(r *scenario.Respond) (err error) {
	if s.body, err = template.Parse(r.Body); err != nil {
		return fmt.Errorf("step %d, body: %w", s.index, err)
	}
	// The order is fixed, since all values draw from the same source of chance.
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		value, err := template.Parse(r.Headers[name])
		if err != nil {
			return fmt.Errorf("step %d, header %s: %w", s.index, name, err)
		}
		s.headers = append(s.headers, compiledHeader{name, value})
	}
	return nil
}

// ruleSalt depends only on the name of the scenario and the index of the rule, so that a scenario draws the same random
// numbers in every sandbox of the same seed.
func ruleSalt(name string, rule int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name + "/" + strconv.Itoa(rule)))
	return h.Sum64()
}
