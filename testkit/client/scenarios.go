package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ScenarioInfo is a scenario that can be played by its name.
type ScenarioInfo struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// API and Operation are empty where the scenario is about several.
	API       string `json:"api"`
	Operation string `json:"operation"`
	// Code is the documented error that a generated scenario gives.
	Code      string `json:"code,omitempty"`
	Generated bool   `json:"generated"`
	// Default scenarios play in every sandbox until they are stopped.
	Default bool `json:"default"`
}

// Playing is a scenario that plays in a sandbox.
type Playing struct {
	Name string `json:"name"`
	// Status is the rest of what the server says of it, cursors included, as it was sent.
	Status json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the whole status beside the name.
func (p *Playing) UnmarshalJSON(raw []byte) error {
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return err
	}
	p.Name, p.Status = named.Name, append(json.RawMessage(nil), raw...)
	return nil
}

// document is a scenario that travels as it was written.
type document string

// Scenarios lists what can be played by its name.
func (c *Client) Scenarios(ctx context.Context) ([]ScenarioInfo, error) {
	reply, err := call[struct {
		Scenarios []ScenarioInfo `json:"scenarios"`
	}](ctx, c, http.MethodGet, "/v1/scenarios", nil)
	return reply.Scenarios, err
}

// Playing lists what plays in a sandbox.
func (c *Client) Playing(ctx context.Context, id string) ([]Playing, error) {
	reply, err := call[struct {
		Scenarios []Playing `json:"scenarios"`
	}](ctx, c, http.MethodGet, boxPath(id, "scenarios"), nil)
	return reply.Scenarios, err
}

// PlayScenario plays a known scenario in a sandbox, in the place of one of the same name.
func (c *Client) PlayScenario(ctx context.Context, id, name string) error {
	return c.run(ctx, http.MethodPut, boxPath(id, "scenarios", name))
}

// PlayDocument plays a scenario written in YAML under that name.
func (c *Client) PlayDocument(ctx context.Context, id, name, yaml string) error {
	_, err := c.do(ctx, http.MethodPut, boxPath(id, "scenarios", name), document(yaml))
	return err
}

// StopScenario ends a scenario in a sandbox.
func (c *Client) StopScenario(ctx context.Context, id, name string) error {
	return c.run(ctx, http.MethodDelete, boxPath(id, "scenarios", name))
}
