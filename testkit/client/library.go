package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// ScenarioSource is a known scenario as a document in YAML.
type ScenarioSource = controlapi.ScenarioSource

// Scenario reads a scenario that can be played by its name.
func (c *Client) Scenario(ctx context.Context, name string) (ScenarioSource, error) {
	return call[ScenarioSource](ctx, c, http.MethodGet, "/v1/scenarios/"+url.PathEscape(name), nil)
}

// ScenarioCheck is what is wrong with a document, and what of it can never happen.
type ScenarioCheck = controlapi.ScenarioCheck

// CheckScenario checks a scenario written in YAML without playing it.
func (c *Client) CheckScenario(ctx context.Context, yaml string) (ScenarioCheck, error) {
	return call[ScenarioCheck](ctx, c, http.MethodPost, "/v1/scenarios/check", document(yaml))
}
