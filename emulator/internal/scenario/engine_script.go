package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// script is a scenario made ready to be played under a name.
type script struct {
	name    string
	summary string
	rules   []rule
	// source tells scripts of one name apart.
	source string
	weight int // bytes of its texts, to which its memory is in proportion
}

// rule is a Rule made ready.
type rule struct {
	*Rule
	index      int
	salt       uint64 // sets its chance apart from that of other rules
	conditions []condition
	steps      []step
	over       step
	beyond     string // says which calls take over
	// ends holds, for each step, how many calls the script has given out after it.
	ends []int64
}

// step is a Step made ready.
type step struct {
	*Step
	index int
	// says is the sentence that explains a call on which the step decided.
	says string
	// message is the one of Fail with its placeholders filled.
	message string
	headers []header
	body    template
}

type header struct {
	name  string
	value template
}

// compile makes a scenario ready. It refuses what no decoder lets through, so that playing cannot fail on it.
func compile(s *Scenario, name string) (*script, error) {
	made := &script{
		name: cmp.Or(name, s.Name), summary: s.Summary, rules: make([]rule, len(s.Rules)), weight: weightOf(s),
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

// weightOf counts the bytes of a scenario's texts, those that aliases repeat each time.
func weightOf(s *Scenario) int {
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

func compileRule(r *Rule, index int, name string) (rule, error) {
	made := rule{Rule: r, index: index, salt: saltOf(name, index)}
	for i := range r.When {
		made.conditions = append(made.conditions, newCondition(&r.When[i]))
	}
	where := fmt.Sprintf("scenario %s, rule %d", name, index)
	if q := r.Quota; q != nil {
		if q.Calls < 1 || q.Per < 1 || q.Burst < 1 {
			return rule{}, errors.New("a quota needs a rate and a burst")
		}
		over, err := compileStep(&q.Over, 0, where+", over its quota")
		made.over = over
		made.beyond = fmt.Sprintf("a call beyond %d in %s, %d at once", q.Calls, q.Per, q.Burst)
		return made, err
	}
	if len(r.Script) == 0 {
		return rule{}, errors.New("a rule needs a quota or at least one step")
	}
	total := int64(0)
	for i := range r.Script {
		s, err := compileStep(&r.Script[i], i, where+", step "+strconv.Itoa(i))
		if err != nil {
			return rule{}, err
		}
		total += int64(max(s.Times, 1))
		made.steps, made.ends = append(made.steps, s), append(made.ends, total)
	}
	return made, nil
}

func compileStep(s *Step, index int, where string) (step, error) {
	if s.Line > 0 {
		where += " (line " + strconv.Itoa(s.Line) + ")"
	}
	made := step{Step: s, index: index, says: where}
	switch {
	case s.Fail != nil:
		made.message = contract.Fill(s.Fail.Message, s.Fail.Fill)
	case s.Respond != nil:
		return made, made.compileRespond(s.Respond)
	}
	return made, nil
}

func (s *step) compileRespond(r *Respond) (err error) {
	if s.body, err = newTemplate(r.Body); err != nil {
		return fmt.Errorf("step %d, body: %w", s.index, err)
	}
	// In a fixed order: every value takes its turn at the same chance.
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		value, err := newTemplate(r.Headers[name])
		if err != nil {
			return fmt.Errorf("step %d, header %s: %w", s.index, name, err)
		}
		s.headers = append(s.headers, header{name, value})
	}
	return nil
}

func saltOf(name string, rule int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name + "/" + strconv.Itoa(rule)))
	return h.Sum64()
}
