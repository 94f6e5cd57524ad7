package client

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Definition is what a sandbox is made from. The server fills in what is left zero: one credential for each gateway
// whose list is nil (a list that is empty but not nil stays empty), a seed that is drawn, a clock at real time.
type Definition = controlapi.SandboxDefinition

// Summary is a sandbox in a list: no secrets.
type Summary = controlapi.SandboxSummary

// Sandbox is a sandbox with its credentials and addresses.
type Sandbox = controlapi.Sandbox

// Credentials are the credentials of a sandbox, by gateway.
type Credentials = controlapi.Credentials

// ACSCredential is a key pair, a key pair with a security token that every signed call must then carry, a bearer
// token, or a key pair and a bearer token.
type ACSCredential = controlapi.ACSCredential

// App is an application of the gateways top and fabric.
type App = controlapi.App

// Fixtures name what exists in a sandbox, as globs; an empty list allows anything.
type Fixtures = controlapi.Fixtures

// WarrantApp is an application that may ask for access warrants, with the secret that checks its requests.
type WarrantApp = controlapi.WarrantApp

// Endpoints are what clients of the emulated APIs are pointed at.
type Endpoints = controlapi.Endpoints

// Sandboxes lists the sandboxes, sorted by id.
func (c *Client) Sandboxes(ctx context.Context) ([]Summary, error) {
	reply, err := call[controlapi.SandboxList](ctx, c, http.MethodGet, "/v1/sandboxes", nil)
	return reply.Sandboxes, err
}

// CreateSandbox makes a sandbox and returns it with all that was filled in. An id or a credential that is taken is a
// *Problem of status 409, a definition that is not good one of 400 or 422.
func (c *Client) CreateSandbox(ctx context.Context, def Definition) (Sandbox, error) {
	return call[Sandbox](ctx, c, http.MethodPost, "/v1/sandboxes", def)
}

// Sandbox returns the sandbox of that id. An unknown one is a *Problem of status 404.
func (c *Client) Sandbox(ctx context.Context, id string) (Sandbox, error) {
	return call[Sandbox](ctx, c, http.MethodGet, sandboxPath(id), nil)
}

// RemoveSandbox deletes a sandbox with all its state and frees its credentials.
func (c *Client) RemoveSandbox(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodDelete, sandboxPath(id))
}

// Reset puts a sandbox's state, clock and journal back to the start; its credentials stay.
func (c *Client) Reset(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodPost, sandboxPath(id, "reset"))
}
