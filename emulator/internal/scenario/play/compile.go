package play

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
)

// compiledScenario is a scenario prepared for playing under a name: its rules are checked, its templates parsed.
type compiledScenario struct {
	name    string
	summary string
	rules   []compiledRule
	// inRecord has the fields for which rules keep their cursors in one record, empty for those that keep one for all
	// calls: where a rule needs a record, all with the same field use it, so that one atomic step decides which of them
	// takes a call.
	inRecord map[string]bool
	// cacheKey is the key under which the engine keeps it.
	cacheKey string
	// weight counts the bytes of its texts and expressions, on which its use of memory depends.
	weight int
}

// size is what the cache counts for the scenario.
func (s *compiledScenario) size() int { return s.weight }

// compiledRule is a rule with its conditions and steps compiled.
type compiledRule struct {
	*scenario.Rule
	index      int
	salt       uint64 // makes two rules draw different random numbers
	conditions []compiledCondition
	// onStates are the conditions that look at states, which only the record of the rule can answer.
	onStates  []compiledCondition
	per       compiledField // of Rule.Per
	zone      *time.Location
	day       *time.Location // of a quota of the calendar; nil for one that flows
	then      []compiledSetting
	steps     []compiledStep
	over      compiledStep // the step of calls over the quota
	overQuota string       // describes the calls that are over the quota, for explanations
	// ends holds, for each step, the number of the last call that takes it. Calls count from 1.
	ends []int64
}

// compiledStep is a step with its message filled in and its templates parsed.
type compiledStep struct {
	*scenario.Step
	index int
	// location says where the step is written, for people: scenario, rule, step and line, each counted from 1.
	location string
	// message and detail are those of Fail, with their placeholders filled; fill is what goes into those of its code.
	message, detail template.Template
	fill            []template.Template
	// headers are those of Fail or Respond, body is that of Respond.
	headers []compiledHeader
	body    template.Template
	// choices are those of Choose; weights adds up their weights, from the first to each.
	choices []compiledStep
	weights []float64
	then    []compiledSetting
	// draws says that chance has a part in what the step does.
	draws bool
}

// compiledSetting is a setting with its time zone read.
type compiledSetting struct {
	*scenario.Setting
	zone *time.Location
}

type compiledHeader struct {
	name  string
	value template.Template
}

// compile prepares a scenario for playing under a name. It repeats checks of the decoder, since a scenario can also be
// built in Go without a document.
func compile(s *scenario.Scenario, name string) (*compiledScenario, error) {
	compiled := &compiledScenario{
		name: cmp.Or(name, s.Name), summary: s.Summary, rules: make([]compiledRule, len(s.Rules)), weight: weightOf(s),
		inRecord: map[string]bool{},
	}
	for i := range s.Rules {
		r, err := compileRule(&s.Rules[i], i, compiled.name)
		if err != nil {
			return nil, fmt.Errorf("scenario %s, rule %d: %w", compiled.name, i+1, err)
		}
		compiled.rules[i] = r
		if r.needsRecord() {
			compiled.inRecord[r.Per] = true
		}
	}
	return compiled, nil
}

// weightOf counts the bytes of a scenario's texts and expressions. What YAML aliases repeat counts each time.
func weightOf(s *scenario.Scenario) int {
	sum := len(s.Source)
	for _, r := range s.Rules {
		sum += weightOfConditions(r.When) + len(r.Then)*settingWeight
		for _, step := range r.Script {
			sum += textSizeOfStep(&step)
		}
		if r.Quota != nil {
			sum += textSizeOfStep(&r.Quota.Over)
		}
	}
	return sum
}

// settingWeight is about what a setting takes in memory, in bytes.
const settingWeight = 256

func weightOfConditions(all []scenario.Condition) (sum int) {
	for i := range all {
		c := &all[i]
		sum += len(c.Expected) + c.Weight + weightOfConditions(c.Not)
		for _, group := range c.AnyOf {
			sum += weightOfConditions(group)
		}
	}
	return sum
}

func textSizeOfStep(s *scenario.Step) (sum int) {
	for i := range s.Choose {
		sum += textSizeOfStep(&s.Choose[i].Step)
	}
	return sum + len(s.Then)*settingWeight + textSizeOfAnswer(s)
}

func textSizeOfAnswer(s *scenario.Step) (sum int) {
	var headers map[string]string
	switch {
	case s.Fail != nil:
		sum, headers = len(s.Fail.Message)+len(s.Fail.Detail), s.Fail.Headers
	case s.Respond != nil:
		sum, headers = len(s.Respond.Body), s.Respond.Headers
	}
	for _, value := range headers {
		sum += len(value)
	}
	return sum
}

func compileRule(r *scenario.Rule, index int, name string) (compiledRule, error) {
	compiled := compiledRule{Rule: r, index: index, salt: ruleSalt(name, index), per: compileField(r.Per)}
	for i := range r.When {
		c, err := compileCondition(&r.When[i])
		if err != nil {
			return compiledRule{}, err
		}
		if c.onState {
			compiled.onStates = append(compiled.onStates, c)
			continue
		}
		compiled.conditions = append(compiled.conditions, c)
	}
	var err error
	if compiled.zone, err = scenario.Zone(r.Zone); err != nil {
		return compiledRule{}, err
	}
	if compiled.then, err = compileSettings(r.Then); err != nil {
		return compiledRule{}, err
	}
	where := fmt.Sprintf("scenario %s, rule %d", name, index+1)
	switch {
	case r.Also != nil:
		return compiled, nil
	case r.Quota != nil:
		return compiled, compiled.compileQuota(where)
	}
	return compiled, compiled.compileScript(where)
}

func (r *compiledRule) compileQuota(where string) (err error) {
	q := r.Quota
	if q.Calls < 1 || q.Per < 1 || q.Burst < 1 {
		return errors.New("a quota needs a rate and a burst")
	}
	r.overQuota = fmt.Sprintf("a call beyond %d in %s, %d at once", q.Calls, q.Per, q.Burst)
	if q.Zone != "" {
		if r.day, err = scenario.Zone(q.Zone); err != nil {
			return err
		}
		r.overQuota = fmt.Sprintf("a call beyond %d a day, from midnight in %s", q.Calls, q.Zone)
	}
	r.over, err = compileStep(&q.Over, 0, where+", over its quota")
	return err
}

func (r *compiledRule) compileScript(where string) error {
	if len(r.Script) == 0 {
		return errors.New("a rule needs a quota, effects or at least one step")
	}
	total := int64(0)
	for i := range r.Script {
		s, err := compileStep(&r.Script[i], i, where+", step "+strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		total += int64(max(s.Times, 1))
		r.steps, r.ends = append(r.steps, s), append(r.ends, total)
	}
	return nil
}

func compileSettings(all []scenario.Setting) ([]compiledSetting, error) {
	var compiled []compiledSetting
	for i := range all {
		zone, err := scenario.Zone(all[i].Zone)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, compiledSetting{&all[i], zone})
	}
	return compiled, nil
}

// needsRecord tells whether the rule keeps more than a number of calls or a bucket that flows.
func (r *compiledRule) needsRecord() bool {
	return r.Per != "" || !r.Chance.Always() || r.For > 0 || !r.Until.IsZero() || r.Also != nil || r.day != nil ||
		len(r.onStates) > 0 || r.setsStates()
}

// setsStates tells whether a call that the rule takes can set a state.
func (r *compiledRule) setsStates() bool {
	return len(r.then) > 0 || r.over.setsStates() ||
		slices.ContainsFunc(r.steps, func(s compiledStep) bool { return s.setsStates() })
}

func (s *compiledStep) setsStates() bool {
	return len(s.then) > 0 || slices.ContainsFunc(s.choices, func(c compiledStep) bool { return len(c.then) > 0 })
}

func compileStep(s *scenario.Step, index int, location string) (compiledStep, error) {
	if s.Line > 0 {
		location += " (line " + strconv.Itoa(s.Line) + ")"
	}
	compiled := compiledStep{Step: s, index: index, location: location}
	err := compiled.compileAnswer()
	if err == nil {
		compiled.then, err = compileSettings(s.Then)
	}
	total := 0.0
	for i := range s.Choose {
		choice, wrong := compileStep(&s.Choose[i].Step, index, location+", choice "+strconv.Itoa(i+1))
		err = errors.Join(err, wrong)
		total += s.Choose[i].Weight
		compiled.choices, compiled.weights = append(compiled.choices, choice), append(compiled.weights, total)
	}
	compiled.draws = s.Chance < 1 || s.Delay.Median > 0 || s.Respond != nil || len(compiled.headers) > 0 ||
		len(s.Choose) > 0 || compiled.message.HasActions() || compiled.detail.HasActions() ||
		slices.ContainsFunc(compiled.fill, template.Template.HasActions)
	return compiled, err
}

// compileAnswer parses the templates of the step.
func (s *compiledStep) compileAnswer() error {
	switch {
	case s.Fail != nil:
		return s.compileFail(s.Fail)
	case s.Respond != nil:
		return s.compileRespond(s.Respond)
	}
	return nil
}

func (s *compiledStep) compileFail(f *scenario.Fail) (err error) {
	if s.message, err = template.Parse(contract.Fill(f.Message, f.Fill)); err != nil {
		return fmt.Errorf("step %d, message: %w", s.index+1, err)
	}
	if s.detail, err = template.Parse(contract.Fill(f.Detail, f.Fill)); err != nil {
		return fmt.Errorf("step %d, detail: %w", s.index+1, err)
	}
	for _, text := range f.Fill {
		value, err := template.Parse(text)
		if err != nil {
			return fmt.Errorf("step %d, fill: %w", s.index+1, err)
		}
		s.fill = append(s.fill, value)
	}
	return s.compileHeaders(f.Headers)
}

func (s *compiledStep) compileRespond(r *scenario.Respond) (err error) {
	if s.body, err = template.Parse(r.Body); err != nil {
		return fmt.Errorf("step %d, body: %w", s.index+1, err)
	}
	return s.compileHeaders(r.Headers)
}

// compileHeaders keeps the headers in a fixed order, since all values draw from the same source of chance.
func (s *compiledStep) compileHeaders(headers map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, err := template.Parse(headers[name])
		if err != nil {
			return fmt.Errorf("step %d, header %s: %w", s.index+1, name, err)
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
