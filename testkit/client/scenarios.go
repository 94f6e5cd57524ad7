package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// ScenarioInfo is a scenario that can be played by its name.
type ScenarioInfo = controlapi.ScenarioSummary

// Playing is a scenario that plays in a sandbox, and where the cursors of its rules stand.
type Playing struct {
	controlapi.Playing

	// Status is all that the server said of it, as it was sent.
	Status json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what was sent beside what it says.
func (p *Playing) UnmarshalJSON(raw []byte) error {
	p.Status = append(json.RawMessage(nil), raw...)
	return json.Unmarshal(raw, &p.Playing)
}

// String says where the scenario stands: a line for each rule, state and value of a field for which rules keep a
// cursor. Rules and steps count from 1. Of one that is on by default, rules that took no call are only counted.
func (p Playing) String() string {
	text := p.Name
	if p.Default {
		text += ", on by default"
	}
	silent := 0
	for i, r := range p.Rules {
		if p.Default && r.Taken == 0 {
			silent++
			continue
		}
		stands := cursor{r.Step, r.Position, r.Exhausted, r.Also, r.Left, r.Window}.String()
		if r.Per != "" {
			stands = "each " + r.Per + " stands on its own"
		}
		text += fmt.Sprintf("\n  rule %d on %s took %s: %s", i+1, r.On, calls(int(r.Taken)), stands)
	}
	if silent > 0 {
		text += fmt.Sprintf("\n  %d rules took no call", silent)
	}
	text += statesText("\n  ", p.States)
	for _, k := range p.Keys {
		text += "\n  " + k.Per + " " + k.Value + statesText("\n    ", k.States)
		for _, r := range k.Rules {
			stands := cursor{r.Step, r.Position, r.Exhausted, r.Also, r.Left, r.Window}
			text += fmt.Sprintf("\n    rule %d took %s: %s", r.Rule+1, calls(int(r.Taken)), stands)
		}
	}
	return text
}

// cursor is where a rule stands, once or for one value of a field.
type cursor struct {
	step      int
	position  int64
	exhausted bool
	also      bool
	left      *uint64
	window    *controlapi.PlayingWindow
}

// String says where it stands.
func (c cursor) String() string {
	text := fmt.Sprintf("the next gets step %d, which had %d", c.step+1, c.position)
	switch {
	case c.exhausted:
		text = "it takes no more"
	case c.also:
		text = "it adds its effects and decides nothing"
	case c.left != nil:
		text = fmt.Sprintf("%d left of its quota", *c.left)
	}
	return text + leftText(c.window)
}

// statesText lists states, each behind a separator.
func statesText(separator string, states map[string]controlapi.PlayingState) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(states)) {
		text += fmt.Sprintf("%sstate %s is %q%s", separator, name, states[name].Value, leftText(states[name].Window))
	}
	return text
}

// leftText says how long a window lasts.
func leftText(w *controlapi.PlayingWindow) string {
	switch {
	case w == nil:
		return ""
	case w.LeftSeconds > 0:
		return fmt.Sprintf(", for %s more", time.Duration(w.LeftSeconds)*time.Second)
	}
	return ", over since " + w.Ends.UTC().Format(time.RFC3339)
}

// document is a scenario that travels as it was written.
type document string

// Scenarios lists what can be played by its name.
func (c *Client) Scenarios(ctx context.Context) ([]ScenarioInfo, error) {
	reply, err := call[controlapi.ScenarioList](ctx, c, http.MethodGet, "/v1/scenarios", nil)
	return reply.Scenarios, err
}

// Playing lists what plays in a sandbox.
func (c *Client) Playing(ctx context.Context, id string) ([]Playing, error) {
	reply, err := call[struct {
		Scenarios []Playing `json:"scenarios"`
	}](ctx, c, http.MethodGet, sandboxPath(id, "scenarios"), nil)
	return reply.Scenarios, err
}

// PlayScenario plays a known scenario in a sandbox, in the place of one of the same name.
func (c *Client) PlayScenario(ctx context.Context, id, name string) error {
	return c.run(ctx, http.MethodPut, sandboxPath(id, "scenarios", name))
}

// PlayDocument plays a scenario written in YAML under that name. Where it cannot be played the error is a *Problem
// whose Problems list what is wrong, with lines and columns.
func (c *Client) PlayDocument(ctx context.Context, id, name, yaml string) error {
	_, err := c.do(ctx, http.MethodPut, sandboxPath(id, "scenarios", name), document(yaml))
	return err
}

// StopScenario ends a scenario in a sandbox. One that does not play is a *Problem of status 404.
func (c *Client) StopScenario(ctx context.Context, id, name string) error {
	return c.run(ctx, http.MethodDelete, sandboxPath(id, "scenarios", name))
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}
