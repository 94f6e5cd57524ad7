package client

import (
	"context"
	"encoding/json"
	"net/http"

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
