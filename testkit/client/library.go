package client

import (
	"context"
	"net/http"
	"net/url"
)

// ScenarioSource is a known scenario as a document.
type ScenarioSource struct {
	ScenarioInfo

	// Source is the document, in YAML.
	Source string `json:"source"`
}

// Scenario reads a scenario that can be played by its name.
func (c *Client) Scenario(ctx context.Context, name string) (ScenarioSource, error) {
	return call[ScenarioSource](ctx, c, http.MethodGet, "/v1/scenarios/"+url.PathEscape(name), nil)
}
