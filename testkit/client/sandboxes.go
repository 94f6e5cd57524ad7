package client

import (
	"context"
	"net/http"
	"time"
)

// Definition is what a sandbox is made from. The server fills in what is left zero.
type Definition struct {
	ID string `json:"id,omitempty"`
	// Seed decides all chance in the sandbox; nil draws one.
	Seed *uint64 `json:"seed,omitempty"`
	// Now is where the clock starts; zero means real time.
	Now    time.Time `json:"now,omitzero"`
	Frozen bool      `json:"frozen,omitempty"`
	// Credentials: one is made for each gateway whose list is nil; a list that is empty but not nil stays empty.
	Credentials Credentials `json:"credentials,omitzero"`
	// Fixtures limit what exists in the sandbox; nil lists allow anything.
	Fixtures Fixtures `json:"fixtures,omitzero"`
	// Quotas change documented rate limits by operation name: "off", or "5/s".
	Quotas map[string]string `json:"quotas,omitempty"`
	// TTL ends the sandbox when nothing uses it for so long in real time, such as "30m"; empty means that it stays.
	TTL string `json:"ttl,omitempty"`
}

// Summary is a sandbox in a list: no secrets.
type Summary struct {
	ID     string    `json:"id"`
	Seed   uint64    `json:"seed"`
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	// TTL and ExpiresAt are those of a sandbox that ends when nothing uses it; ExpiresAt is real time.
	TTL       string    `json:"ttl,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// Sandbox is a sandbox with its credentials and addresses.
type Sandbox struct {
	Summary
	Credentials Credentials       `json:"credentials"`
	Fixtures    Fixtures          `json:"fixtures"`
	Quotas      map[string]string `json:"quotas"`
	Scenarios   []string          `json:"scenarios"`
	Endpoints   Endpoints         `json:"endpoints"`
}

// Credentials are the credentials of a sandbox, by gateway.
type Credentials struct {
	ACS    []ACSCredential `json:"acs,omitzero"`
	Top    []App           `json:"top,omitzero"`
	Fabric []App           `json:"fabric,omitzero"`
}

// ACSCredential is a key pair, a key pair with a security token that every signed call must then carry, a bearer
// token, or a key pair and a bearer token.
type ACSCredential struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	AccessKeySecret string `json:"accessKeySecret,omitempty"`
	SecurityToken   string `json:"securityToken,omitempty"`
	BearerToken     string `json:"bearerToken,omitempty"`
	// Disabled keys are known and refused.
	Disabled bool `json:"disabled,omitempty"`
}

// App is an application of the gateways top and fabric.
type App struct {
	AppKey    string `json:"appKey"`
	AppSecret string `json:"appSecret"`
}

// Fixtures name what exists in a sandbox, as globs; an empty list allows anything.
type Fixtures struct {
	Instances []string `json:"instances,omitempty"`
	Channels  []string `json:"channels,omitempty"`
	Users     []string `json:"users,omitempty"`
	// Warrants are the applications of CreateAccessWarrant with the secrets that check requestSign.
	Warrants []WarrantApp `json:"warrants,omitempty"`
}

// WarrantApp is an application that may ask for access warrants.
type WarrantApp struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret,omitempty"`
}

// Endpoints are what clients of the emulated APIs are pointed at.
type Endpoints struct {
	Data    string `json:"data"`
	Control string `json:"control"`
	// ACS is a host and port without a scheme, as SDKs of gateway acs take it.
	ACS    string `json:"acs"`
	Top    string `json:"top"`
	Fabric string `json:"fabric"`
	// TLS is the data plane over HTTPS; empty where that is off.
	TLS string `json:"tls,omitempty"`
}

// Sandboxes lists the sandboxes, sorted by id.
func (c *Client) Sandboxes(ctx context.Context) ([]Summary, error) {
	reply, err := call[struct {
		Sandboxes []Summary `json:"sandboxes"`
	}](ctx, c, http.MethodGet, "/v1/sandboxes", nil)
	return reply.Sandboxes, err
}

// CreateSandbox makes a sandbox.
func (c *Client) CreateSandbox(ctx context.Context, def Definition) (Sandbox, error) {
	return call[Sandbox](ctx, c, http.MethodPost, "/v1/sandboxes", def)
}

// Sandbox returns the sandbox of that id.
func (c *Client) Sandbox(ctx context.Context, id string) (Sandbox, error) {
	return call[Sandbox](ctx, c, http.MethodGet, boxPath(id), nil)
}

// RemoveSandbox deletes a sandbox with all its state and frees its credentials.
func (c *Client) RemoveSandbox(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodDelete, boxPath(id))
}

// Reset puts a sandbox's state, clock and journal back to the start; its credentials stay.
func (c *Client) Reset(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodPost, boxPath(id, "reset"))
}
