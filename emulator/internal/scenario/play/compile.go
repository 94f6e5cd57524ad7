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

// compiledScenario is a scenario made ready to be played under a name.
type compiledScenario struct {
	name    string
	summary string
	rules   []compiledRule
	// cacheKey is the key under which the engine keeps it.
	cacheKey string
	// textSize counts the bytes of its texts, which its memory grows with.
	textSize int
}

// size makes the cache count the texts.
func (s *compiledScenario) size() int { return s.textSize }

// compiledRule is a rule made ready.
type compiledRule struct {
	*scenario.Rule
	index      int
	salt       uint64 // so that two rules draw different chances
	conditions []compiledCondition
	steps      []compiledStep
	over       compiledStep // of a quota
	overQuota  string       // which calls are over the quota, for explanations
	// ends holds, for each step, how many calls the script has taken once the step is used up.
	ends []int64
}

// compiledStep is a step made ready.
type compiledStep struct {
	*scenario.Step
	index int
	// location says where the step stands: scenario, rule, step and line.
	location string
	// message is the one of Fail with its placeholders filled.
	message string
	headers []compiledHeader
	body    template.Template
}

type compiledHeader struct {
	name  string
	value template.Template
}

// compile makes a scenario ready to be played under a name. It checks once more what the decoder of documents has
// checked, since a scenario can also be made without one.
func compile(s *scenario.Scenario, name string) (*compiledScenario, error) {
	made := &compiledScenario{
		name: cmp.Or(name, s.Name), summary: s.Summary, rules: make([]compiledRule, len(s.Rules)), textSize: textSizeOf(s),
	}
	for i := range s.Rules {
		r, err := compileRule(&s.Rules[i], i, made.name)
		if err != nil {
			return nil, fmt.Errorf("scenario %s, rule %d: %w", made.name, i, err)
		}
		made.rules[i] = r
	}
	return made, nil
}

// textSizeOf counts the bytes of a scenario's texts. Texts that aliases repeat count each time.
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
	made := compiledRule{Rule: r, index: index, salt: saltOf(name, index)}
	for i := range r.When {
		made.conditions = append(made.conditions, compileCondition(&r.When[i]))
	}
	where := fmt.Sprintf("scenario %s, rule %d", name, index)
	if q := r.Quota; q != nil {
		if q.Calls < 1 || q.Per < 1 || q.Burst < 1 {
			return compiledRule{}, errors.New("a quota needs a rate and a burst")
		}
		over, err := compileStep(&q.Over, 0, where+", over its quota")
		made.over = over
		made.overQuota = fmt.Sprintf("a call beyond %d in %s, %d at once", q.Calls, q.Per, q.Burst)
		return made, err
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
		made.steps, made.ends = append(made.steps, s), append(made.ends, total)
	}
	return made, nil
}

func compileStep(s *scenario.Step, index int, location string) (compiledStep, error) {
	if s.Line > 0 {
		location += " (line " + strconv.Itoa(s.Line) + ")"
	}
	made := compiledStep{Step: s, index: index, location: location}
	switch {
	case s.Fail != nil:
		made.message = contract.Fill(s.Fail.Message, s.Fail.Fill)
	case s.Respond != nil:
		return made, made.compileRespond(s.Respond)
	}
	return made, nil
}

func (s *compiledStep) compileRespond(r *scenario.Respond) (err error) {
	if s.body, err = template.Parse(r.Body); err != nil {
		return fmt.Errorf("step %d, body: %w", s.index, err)
	}
	// The order is fixed, since all values draw from the same chance.
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		value, err := template.Parse(r.Headers[name])
		if err != nil {
			return fmt.Errorf("step %d, header %s: %w", s.index, name, err)
		}
		s.headers = append(s.headers, compiledHeader{name, value})
	}
	return nil
}

// saltOf is derived from name and rule alone, so that a scenario draws the same wherever it plays.
func saltOf(name string, rule int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name + "/" + strconv.Itoa(rule)))
	return h.Sum64()
}
