package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Definition is what a sandbox is made from. The server fills in what is left zero: one credential for each gateway
// whose list is nil (a list that is empty but not nil stays empty), a seed that is drawn, a clock at real time.
type Definition = controlapi.SandboxDefinition

// SignatureTimeRule is the rule by which a sandbox judges the times of signatures.
type SignatureTimeRule = controlapi.SignatureTime

// The rules. A time is good within the gateway's window of either the sandbox's clock or real time, which is the rule
// of a sandbox that names none; of the clock alone; of real time alone; or always.
const (
	SignedByEither = controlapi.SignatureTimeEither
	SignedByClock  = controlapi.SignatureTimeClock
	SignedByReal   = controlapi.SignatureTimeReal
	SignedAnyTime  = controlapi.SignatureTimeOff
)

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

// ChatLine is something that the counterpart of a chat does when a user does something.
type ChatLine = controlapi.ChatLine

// Score is how a spoken text is scored.
type Score = controlapi.Score

// Push is a receiver of messages to users of chats.
type Push = controlapi.Push

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

// Snapshot is a sandbox in a file, as JSON.
type Snapshot = controlapi.Snapshot

// SnapshotOptions say what else a snapshot holds.
type SnapshotOptions struct {
	// Secrets adds the credentials, Journal the newest calls.
	Secrets, Journal bool
}

// Snapshot writes a sandbox down as it is.
func (c *Client) Snapshot(ctx context.Context, id string, o SnapshotOptions) (Snapshot, error) {
	query := url.Values{"secrets": {strconv.FormatBool(o.Secrets)}, "journal": {strconv.FormatBool(o.Journal)}}
	return call[Snapshot](ctx, c, http.MethodGet, sandboxPath(id, "snapshot")+"?"+query.Encode(), nil)
}

// LoadSnapshot makes the sandbox that a snapshot holds, with new credentials where none are in it. An id that exists is
// a *Problem of status 409, what is no snapshot one of 400 or 422.
func (c *Client) LoadSnapshot(ctx context.Context, s Snapshot) (Sandbox, error) {
	return c.CreateSandbox(ctx, Definition{Snapshot: s})
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
