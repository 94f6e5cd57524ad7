package client

import (
	"context"
	"net/http"
)

// API is one emulated product.
type API struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Gateway string `json:"gateway"`
	// Version is what clients of the API name, such as "2020-04-20"; empty where they name none.
	Version    string      `json:"version"`
	Product    string      `json:"product"`
	Operations []Operation `json:"operations"`
}

// Operation is one call of an API.
type Operation struct {
	// ID is the full name, such as "onsmqtt.ApplyToken".
	ID      string `json:"id"`
	Summary string `json:"summary"`
	// Action is the value of Action or method that picks the operation; empty where the path alone does.
	Action  string   `json:"action"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	// Errors are the documented errors: first the operation's own, then those of its API and of its gateway.
	Errors []DocumentedError `json:"errors"`
}

// DocumentedError is an error that the contract of an operation lists.
type DocumentedError struct {
	Code    string `json:"code"`
	Status  int    `json:"status"`
	Message string `json:"message"`
	// Number and Detail are the numeric code and the sub_msg of gateway top.
	Number  int    `json:"number,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Meaning string `json:"meaning"`
	// Evidence says how sure the error is, Source where it comes from.
	Evidence string `json:"evidence"`
	Source   string `json:"source"`
	// Origin is "operation", "api" or "gateway": who shares the error.
	Origin string `json:"origin"`
}

// APIs lists what is emulated.
func (c *Client) APIs(ctx context.Context) ([]API, error) {
	reply, err := call[struct {
		APIs []API `json:"apis"`
	}](ctx, c, http.MethodGet, "/v1/apis", nil)
	return reply.APIs, err
}
