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
	rule := scenario.Rule{On: op.Name, Arrival: g.coin()}
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
		rule.When = []scenario.Condition{{Field: field, Expected: "equal to " + text}}
	}
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

func (g generator) step(op *contract.Operation) (any, scenario.Step) {
	if g.IntN(4) == 0 {
		return "pass", scenario.Step{Times: 1, Chance: 1}
	}
	written, step := g.outcome(op)
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
		step.Fail = &scenario.Fail{Code: op.Errors[g.IntN(len(op.Errors))].Code, Message: g.text()}
		written["fail"], written["message"] = step.Fail.Code, step.Fail.Message
		if strings.Contains(step.Fail.Code, "%s") {
			step.Fail.Fill = []string{g.text()}
			written["fill"] = step.Fail.Fill[0]
			break
		}
		step.Fail.Fill = g.fill(op, step.Fail.Code)
	case 2:
		step.Respond = &scenario.Respond{
			Status: 200 + g.IntN(400), Headers: map[string]string{"X-A": strings.ReplaceAll(g.text(), "{{", "")},
			Body: strings.ReplaceAll(g.text(), "{{", ""), OffSpec: true,
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
			scenario.Reset, scenario.Close, scenario.Truncate, scenario.Stall, scenario.Drip,
		}[g.IntN(5)]
		written["network"] = string(step.Network)
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
