package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
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
	// States are those that are set. Keys are the values of fields for which rules keep cursors of their own.
	States []playingState
	Keys   []playingKey
}

// playingRule is a rule of it.
type playingRule struct {
	play.CursorStatus

	Number  int // from 1
	On, Per string
	// Steps is how many the script has, and Next the one that the next call takes; zero where the document is not known.
	Steps int
	Next  scenario.Step
}

// playingState is a state that is set.
type playingState struct {
	Name, Value string
	Window      *play.WindowStatus
}

// Left says how long it still has its value.
func (s playingState) Left() string { return leftText(s.Window) }

// playingKey is one value of a field, and where the scenario stands for it.
type playingKey struct {
	Per, Value string
	Rules      []playingRule
	States     []playingState
}

// State says where the rule stands.
func (r playingRule) State() string {
	took := "took " + callsText(r.Taken)
	if r.Per != "" {
		return took + "; each " + r.Per + " stands on its own, below"
	}
	return took + r.stands() + leftText(r.Window)
}

// stands says what the next call gets.
func (r playingRule) stands() string {
	switch {
	case r.Exhausted && r.Window != nil:
		return "; it is over, further calls go by"
	case r.Also:
		return "; it adds its effects and decides nothing"
	case r.Exhausted:
		return "; its script is over, further calls go by"
	case r.Left != nil:
		return fmt.Sprintf(" over its quota; %d were left after the last call", *r.Left)
	case r.Steps == 0:
		return fmt.Sprintf("; next is step %d, which took %s so far", r.Step+1, callsText(r.Position))
	case r.Steps == 1 && r.Next.Times == 1:
		return "; each " + explain.Outcome(&r.Next)
	case r.Next.Times > 1:
		return fmt.Sprintf("; next is step %d of %d, time %d of it, which %s", r.Step+1, r.Steps, r.Position+1,
			explain.Outcome(&r.Next))
	}
	return fmt.Sprintf("; next is step %d of %d, which %s", r.Step+1, r.Steps, explain.Outcome(&r.Next))
}

// leftText says how long a window lasts by the sandbox's clock.
func leftText(w *play.WindowStatus) string {
	switch {
	case w == nil:
		return ""
	case w.LeftSeconds > 0:
		return fmt.Sprintf("; %s left, until %s", duration.Text(time.Duration(w.LeftSeconds)*time.Second),
			w.Ends.UTC().Format(time.DateTime))
	}
	return "; over since " + w.Ends.UTC().Format(time.DateTime)
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
	statuses, err := c.World.Playing(ctx, box)
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
			shown := ruleAt(rule.CursorStatus, n, rules)
			shown.On, shown.Per = rule.On, rule.Per
			list[i].Rules = append(list[i].Rules, shown)
		}
		list[i].States = statesOf(status.States, secrets)
		for _, key := range status.Keys {
			list[i].Keys = append(list[i].Keys, valueOf(key, rules, secrets))
		}
	}
	return list, nil
}

// ruleAt is a rule with the step that its cursor is at, where the rules are known.
func ruleAt(cursor play.CursorStatus, n int, rules []scenario.Rule) playingRule {
	shown := playingRule{CursorStatus: cursor, Number: n + 1}
	if rules != nil && cursor.Step < len(rules[n].Script) {
		shown.Steps, shown.Next = len(rules[n].Script), rules[n].Script[cursor.Step]
	}
	return shown
}

// valueOf is one value of a field. It can be a secret that a caller sent.
func valueOf(key play.KeyStatus, rules []scenario.Rule, secrets *sandbox.Secrets) playingKey {
	shown := playingKey{Per: key.Per, Value: secrets.Mask(key.Value), States: statesOf(key.States, secrets)}
	for _, rule := range key.Rules {
		shown.Rules = append(shown.Rules, ruleAt(rule.CursorStatus, rule.Rule, rules))
	}
	return shown
}

// statesOf lists states by their names.
func statesOf(states map[string]play.StateStatus, secrets *sandbox.Secrets) []playingState {
	var list []playingState
	for _, name := range slices.Sorted(maps.Keys(states)) {
		list = append(list, playingState{name, secrets.Mask(states[name].Value), states[name].Window})
	}
	return list
}

// rulesOf are the rules of what plays, where it is a scenario that everybody knows; nil where it looks like another one
// that plays under its name.
func (c *console) rulesOf(status play.Status) []scenario.Rule {
	s, ok := c.World.Library().Get(status.Name)
	if !ok || s.Summary != status.Summary || len(s.Rules) != len(status.Rules) {
		return nil
	}
	for i, rule := range s.Rules {
		if rule.OnText() != status.Rules[i].On || (rule.Quota != nil) != (status.Rules[i].Left != nil) {
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
