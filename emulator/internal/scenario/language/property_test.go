package language_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// TestRandomDocuments writes random good documents, as YAML of two styles and as JSON, and reads each back.
func TestRandomDocuments(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(1, 2)), builtin(t), scenario.Generated(builtin(t))}
	for range 200 {
		written, want := g.scenario()
		compact, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		indented, err := json.MarshalIndent(written, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		var block strings.Builder
		writeYAML(&block, written, 0)
		for _, source := range []string{string(compact), string(indented), block.String()} {
			if diff := cmp.Diff(want, decode(t, source), same(".Source", ".Line")); diff != "" {
				t.Fatalf("(-want +got)\n%s\n%s", diff, source)
			}
		}
	}
}

// writeYAML writes mappings and lists in block style, every text as a JSON string.
func writeYAML(b *strings.Builder, value any, indent int) {
	margin := "\n" + strings.Repeat("  ", indent)
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			b.WriteString(" {}")
		}
		for name, member := range v {
			b.WriteString(margin + name + ":")
			writeYAML(b, member, indent+1)
		}
	case []any:
		for _, element := range v {
			b.WriteString(margin + "-")
			writeYAML(b, element, indent+1)
		}
	default:
		raw, _ := json.Marshal(v)
		b.WriteString(" " + string(raw))
	}
}

type generator struct {
	*rand.Rand
	catalogue *contract.Catalogue
	generated []*scenario.Scenario
}

type object = map[string]any

func (g generator) coin() bool { return g.IntN(2) == 0 }

func (g generator) text() string {
	const letters = "abc XYZ:#-'\"\\{}[]%&*!|>@`,?\n\té中😀"
	runes := []rune(letters)
	text := make([]rune, 1+g.IntN(12))
	for i := range text {
		text[i] = runes[g.IntN(len(runes))]
	}
	return string(text)
}

// plain is a text without actions.
func (g generator) plain() string { return strings.ReplaceAll(g.text(), "{{", "") }

func (g generator) scenario() (object, *scenario.Scenario) {
	name := fmt.Sprintf("random/%d.x-%%s", g.IntN(1000))
	s := &scenario.Scenario{Name: name, Summary: g.text()}
	var list []any
	for range 1 + g.IntN(4) {
		written, rule := g.rule()
		list = append(list, written)
		s.Rules = append(s.Rules, rule)
	}
	return object{"name": name, "summary": s.Summary, "rules": list}, s
}

func (g generator) rule() (object, scenario.Rule) {
	api := g.catalogue.APIs[g.IntN(len(g.catalogue.APIs))]
	op := api.Operations[g.IntN(len(api.Operations))]
	rule := scenario.Rule{On: []string{op.Name}, Arrival: g.coin()}
	written := object{"on": op.Name}
	if rule.Arrival {
		written["at"] = "arrival"
	}
	if g.coin() {
		field, text := "params."+op.Parameters()[0].Name, g.text()
		if op.Parameters()[0].In == "header" {
			field = "headers." + op.Parameters()[0].Name
		}
		written["when"] = object{field: object{"equals": text}}
		rule.When = []scenario.Condition{{
			Field: field, Compare: scenario.Equals, Values: []string{text}, Expected: "equal to " + text,
		}}
	}
	g.words(written, &rule)
	if g.IntN(4) == 0 {
		over, step := g.outcome(op)
		calls := 1 + g.IntN(1000)
		written["quota"] = object{"rate": fmt.Sprintf("%d/h", calls), "over": over}
		rule.Quota = &scenario.Quota{Calls: calls, Per: time.Hour, Burst: calls, Over: step}
		return written, rule
	}
	var script []any
	for range 1 + g.IntN(5) {
		one, step := g.step(op)
		script = append(script, one)
		rule.Script = append(rule.Script, step)
	}
	written["script"] = script
	rule.End = scenario.End(g.IntN(3))
	switch rule.End {
	case scenario.Cycle:
		written["cycle"] = true
	case scenario.Release:
		written["end"] = "release"
	case scenario.Repeat:
	}
	return written, rule
}

// words adds words that every rule can have.
func (g generator) words(written object, rule *scenario.Rule) {
	if g.coin() {
		rule.On = append(rule.On, rule.On[0])
		written["on"] = []any{rule.On[0], rule.On[0]}
	}
	if g.coin() {
		rule.Per = []string{scenario.CredentialField, "headers.X-A"}[g.IntN(2)]
		written["per"] = rule.Per
	}
	switch g.IntN(3) {
	case 0:
		chance := 1 - g.Float64()
		rule.Chance, written["chance"] = scenario.Chance{From: chance, To: chance}, chance
	case 1:
		rule.Chance = scenario.Chance{From: 0, To: 1 - g.Float64(), Over: g.span(), Back: g.span()}
		written["chance"] = object{
			"from": 0, "to": rule.Chance.To, "over": rule.Chance.Over.String(), "back": rule.Chance.Back.String(),
		}
	}
	switch g.IntN(3) {
	case 0:
		rule.For = g.span()
		written["for"] = rule.For.String()
	case 1:
		rule.Until = scenario.Moment{Daily: true, TimeOfDay: time.Duration(g.IntN(24*60)) * time.Minute}
		rule.Zone = "Asia/Shanghai"
		written["until"], written["zone"] = rule.Until.String(), rule.Zone
	}
	if g.coin() {
		then := scenario.Setting{State: "a-b_1", Value: g.text(), For: g.span()}
		rule.Then = append(rule.Then, then)
		written["then"] = object{"state.a-b_1": object{"value": then.Value, "for": then.For.String()}}
	}
}

// span is a time that is written as it is read.
func (g generator) span() time.Duration { return time.Duration(1+g.IntN(10_000)) * time.Second }

func (g generator) step(op *contract.Operation) (any, scenario.Step) {
	if g.IntN(4) == 0 {
		return "pass", scenario.Step{Times: 1, Chance: 1}
	}
	written, step := g.outcome(op)
	if step.Fail == nil && step.Respond == nil && g.coin() {
		delete(written, "pass")
		var choices []any
		for range 1 + g.IntN(3) {
			one, choice := g.outcome(op)
			weight := 1 - g.Float64()
			one["weight"] = weight
			choices, step.Choose = append(choices, one), append(step.Choose, scenario.Choice{Weight: weight, Step: choice})
		}
		written["choose"] = choices
	}
	if g.coin() {
		step.Times = 1 + g.IntN(1_000_000)
		written["times"] = step.Times
	}
	return written, step
}

func (g generator) outcome(op *contract.Operation) (object, scenario.Step) {
	step, written := scenario.Step{Times: 1, Chance: 1}, object{}
	switch g.IntN(3) {
	case 0:
		written["pass"] = object{}
	case 1:
		step.Fail = &scenario.Fail{Code: op.Errors[g.IntN(len(op.Errors))].Code, Message: g.plain()}
		written["fail"], written["message"] = step.Fail.Code, step.Fail.Message
		if g.coin() {
			step.Fail.Headers = map[string]string{"X-A": g.plain()}
			written["headers"] = object{"X-A": step.Fail.Headers["X-A"]}
		}
		if strings.Contains(step.Fail.Code, "%s") {
			step.Fail.Fill = []string{g.plain()}
			written["fill"] = step.Fail.Fill[0]
			break
		}
		step.Fail.Fill = g.fill(op, step.Fail.Code)
	case 2:
		if op.API.Gateway.Packets { // which a script cannot answer with a reply of its own
			written["pass"] = object{}
			break
		}
		step.Respond = &scenario.Respond{
			Status: 200 + g.IntN(400), Headers: map[string]string{"X-A": g.plain()},
			Body: g.plain(), OffSpec: true,
		}
		written["respond"] = object{
			"status": step.Respond.Status, "headers": object{"X-A": step.Respond.Headers["X-A"]},
			"body": step.Respond.Body, "offSpec": true,
		}
	}
	if g.coin() {
		step.Chance = 1 - g.Float64()
		written["chance"] = step.Chance
	}
	if g.coin() {
		step.Delay.Fixed = time.Duration(g.Int64N(int64(time.Hour)))
		written["delay"] = step.Delay.Fixed.String()
	}
	if g.coin() {
		step.Network = []scenario.Network{
			scenario.Reset, scenario.Close, scenario.Truncate, scenario.Stall, scenario.Drip, scenario.Late,
		}[g.IntN(6)]
		written["network"] = string(step.Network)
	} else if g.coin() {
		step.Network, step.Flow = scenario.Truncate, scenario.Flow{Rate: 1 + g.IntN(1<<20), Cut: 1 + g.IntN(1<<20)}
		written["network"] = object{"drip": fmt.Sprintf("%dB/s", step.Flow.Rate), "truncate": step.Flow.Cut}
	}
	return written, step
}

// fill is what a script that leaves a placeholder open gets: the same as the generated scenario of the error.
func (g generator) fill(op *contract.Operation, code string) []string {
	for _, s := range g.generated {
		if s.Name == "error/"+op.Name+"/"+code {
			return s.Rules[0].Script[0].Fail.Fill
		}
	}
	return nil
}
