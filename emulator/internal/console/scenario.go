package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// scenarioPage is the page of one scenario.
type scenarioPage struct {
	toggle

	Summary string
	Source  string
	// Control is the control plane as host:port.
	Control string
	// Known is false for what somebody plays whose document is not at hand.
	Known, Generated, Default bool
	// Playing is where it stands; nil where it does not play.
	Playing *playing
	// Operation and Error are what a generated scenario is about.
	Operation *contract.Operation
	Error     *contract.Error
	// Magic are the values that set off that error.
	Magic []magicValue
	Rules []ruleText
}

// Toggle is the button of the scenario.
func (p *scenarioPage) Toggle() toggle { return p.toggle }

// Command plays it in a sandbox from the command line.
func (p *scenarioPage) Command(sandbox string) string {
	command := "tokenstage play " + shellescape.Quote(p.Name) + " --sandbox " + sandbox
	if p.Control == usualControl {
		return command
	}
	return command + " --control " + shellescape.Quote("http://"+p.Control)
}

// usualControl is where the command line looks for the control plane unless told otherwise.
const usualControl = "127.0.0.1:4011"

// ruleText is a rule in words.
type ruleText struct {
	Number int // from 1
	On     string
	When   []string
	// Notes are what holds beside the conditions; Steps what its calls get.
	Notes, Steps []string
}

func (c *console) scenario(r *http.Request, l *layout) (body, error) {
	page := &scenarioPage{toggle: toggle{Name: r.URL.Query().Get("name")}, Control: r.Host}
	list, err := c.playing(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	for i := range list {
		if list[i].Name == page.Name {
			page.Playing, page.Plays, page.Summary = &list[i], true, list[i].Summary
		}
	}
	if s, ok := c.World.Library().Get(page.Name); ok {
		c.describe(page, s)
	} else if page.Playing == nil {
		return body{}, c.meant(play.ErrUnknown, page.Name)
	}
	return body{"scenario", page.Name, page}, nil
}

// describe fills in what is known of a scenario.
func (c *console) describe(page *scenarioPage, s *scenario.Scenario) {
	page.Known, page.Summary, page.Source = true, s.Summary, s.Source
	page.Generated, page.Default = isGenerated(s), c.World.IsDefault(s.Name)
	for i, rule := range s.Rules {
		page.Rules = append(page.Rules, textOf(rule, i+1))
	}
	if !page.Generated {
		return
	}
	if op := c.operation(s.Rules[0].On); op != nil {
		e, _ := op.Error(s.Rules[0].Script[0].Fail.Code)
		page.Operation, page.Error, page.Magic = op, &e, magicFor(c.defaults(), op, e.Code)
	}
}

// operation finds an operation by its name; nil when there is none.
func (c *console) operation(name string) *contract.Operation {
	for _, api := range c.World.Catalogue().APIs {
		for _, op := range api.Operations {
			if op.Name == name {
				return op
			}
		}
	}
	return nil
}

func textOf(rule scenario.Rule, number int) ruleText {
	text := ruleText{Number: number, On: rule.On}
	for _, condition := range rule.When {
		text.When = append(text.When, condition.Field+" is "+condition.Expected)
	}
	if rule.Arrival {
		text.Notes = append(text.Notes, "asked before authentication")
	}
	if q := rule.Quota; q != nil {
		text.Notes = append(text.Notes,
			fmt.Sprintf("beyond %s per %s, %d at once", callsText(int64(q.Calls)), perText(q.Per), q.Burst))
		text.Steps = append(text.Steps, stepText(q.Over))
		return text
	}
	for _, step := range rule.Script {
		text.Steps = append(text.Steps, stepText(step))
	}
	text.Notes = append(text.Notes, endText(rule)...)
	return text
}

// perText names the time that a rate is about: the language has these four.
func perText(d time.Duration) string {
	switch d {
	case time.Second:
		return "second"
	case time.Minute:
		return "minute"
	case time.Hour:
		return "hour"
	default:
		return "day"
	}
}

// endText says what comes after the last step.
func endText(rule scenario.Rule) []string {
	switch rule.End {
	case scenario.Cycle:
		return []string{"after the last step the first comes again"}
	case scenario.Release:
		return []string{"after the last step further calls go by"}
	default:
		if len(rule.Script) > 1 {
			return []string{"the last step repeats"}
		}
		return nil
	}
}

// stepText says what a call gets.
func stepText(step scenario.Step) string {
	text := "pass"
	if f := step.Fail; f != nil {
		text = "fail with " + contract.Fill(f.Code, f.Fill)
	}
	if step.Respond != nil {
		text = "respond with status " + strconv.Itoa(step.Respond.Status)
	}
	parts := []string{text}
	if d := step.Delay; d.Fixed > 0 {
		parts = append(parts, "after "+d.Fixed.String())
	} else if d.Median > 0 {
		parts = append(parts, fmt.Sprintf("after a delay of %s in the median, %s at p99", d.Median, d.P99))
	}
	if step.Network != "" {
		parts = append(parts, "network: "+string(step.Network))
	}
	if step.Chance < 1 {
		parts = append(parts, fmt.Sprintf("with a chance of %g, else pass", step.Chance))
	}
	if step.Times > 1 {
		parts = append(parts, fmt.Sprintf("%d times", step.Times))
	}
	return strings.Join(parts, ", ")
}
