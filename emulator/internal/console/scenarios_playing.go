package console

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// toggle is a button that plays a scenario, or stops it where it plays.
type toggle struct {
	Name  string
	Plays bool
}

// playing is a scenario that plays, and where it stands.
type playing struct {
	play.Status

	Toggle toggle
	// Rules are those that say something; Silent counts the others of a scenario with many, which took no call.
	Rules  []playingRule
	Silent int
}

// playingRule is a rule of it.
type playingRule struct {
	play.RuleStatus

	Number int // from 1
	// Steps is how many the script has, and Next the one that the next call takes; zero where the document is not known.
	Steps int
	Next  scenario.Step
}

// State says where the rule stands.
func (r playingRule) State() string {
	took := "took " + callsText(r.Taken)
	switch {
	case r.Left != nil:
		return fmt.Sprintf("%s over its quota; %d were left after the last call", took, *r.Left)
	case r.Exhausted:
		return took + "; its script is over, further calls go by"
	case r.Steps == 0:
		return fmt.Sprintf("%s; next is step %d, which took %s so far", took, r.Step+1, callsText(r.Position))
	case r.Steps == 1 && r.Next.Times == 1:
		return took + "; each gets: " + stepText(r.Next)
	case r.Next.Times > 1:
		return fmt.Sprintf("%s; next is step %d of %d, time %d of it: %s", took, r.Step+1, r.Steps, r.Position+1,
			stepText(r.Next))
	default:
		return fmt.Sprintf("%s; next is step %d of %d: %s", took, r.Step+1, r.Steps, stepText(r.Next))
	}
}

func callsText(n int64) string {
	switch n {
	case 0:
		return "no call"
	case 1:
		return "1 call"
	default:
		return fmt.Sprintf("%d calls", n)
	}
}

// fewRules are listed all; of more, only those that took a call.
const fewRules = 6

// playing is what plays in a sandbox in the order in which it is asked.
func (c *console) playing(ctx context.Context, box *sandbox.Sandbox) ([]playing, error) {
	statuses, err := c.World.Player(box).List(ctx)
	if err != nil {
		return nil, err
	}
	secrets := c.World.Sandboxes().Secrets()
	list := make([]playing, len(statuses))
	for i, status := range statuses {
		rules := c.rulesOf(status)
		status.Summary = secrets.Mask(status.Summary) // whoever played it can have written anything
		list[i] = playing{Status: status, Toggle: toggle{status.Name, true}}
		for n, rule := range status.Rules {
			if len(status.Rules) > fewRules && rule.Taken == 0 {
				list[i].Silent++
				continue
			}
			shown := playingRule{RuleStatus: rule, Number: n + 1}
			if rules != nil && rule.Step < len(rules[n].Script) {
				shown.Steps, shown.Next = len(rules[n].Script), rules[n].Script[rule.Step]
			}
			list[i].Rules = append(list[i].Rules, shown)
		}
	}
	return list, nil
}

// rulesOf are the rules of what plays, where it is a scenario that everybody knows; nil where it looks like another one
// that plays under its name.
func (c *console) rulesOf(status play.Status) []scenario.Rule {
	s, ok := c.World.Library().Get(status.Name)
	if !ok || s.Summary != status.Summary || len(s.Rules) != len(status.Rules) {
		return nil
	}
	for i, rule := range s.Rules {
		if rule.On != status.Rules[i].On || (rule.Quota != nil) != (status.Rules[i].Left != nil) {
			return nil
		}
	}
	return s.Rules
}

// played names what somebody played.
func played(list []playing) []string {
	var names []string
	for _, p := range list {
		if !p.Default {
			names = append(names, p.Name)
		}
	}
	return names
}

// names is what plays, by name.
func names(list []playing) map[string]bool {
	all := map[string]bool{}
	for _, p := range list {
		all[p.Name] = true
	}
	return all
}

func addOnce(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}
