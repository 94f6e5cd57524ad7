package client

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// MQTTClient is an MQTT client that is connected to a sandbox, with the tokens that it holds, never their text.
type MQTTClient = controlapi.MQTTClient

// MQTTToken is a token that such a client holds.
type MQTTToken = controlapi.MQTTToken

// Clients lists the MQTT clients that are connected to a sandbox, by instance and client id.
func (c *Client) Clients(ctx context.Context, id string) ([]MQTTClient, error) {
	reply, err := call[controlapi.ClientList](ctx, c, http.MethodGet, sandboxPath(id, "clients"), nil)
	return reply.Clients, err
}

// CutClient cuts the MQTT client with that ID of the list. An unknown one is a *Problem of status 404.
func (c *Client) CutClient(ctx context.Context, id, clientID string) error {
	return c.run(ctx, http.MethodDelete, sandboxPath(id, "clients", clientID))
}

// Clients lists the MQTT clients that are connected to the sandbox.
func (b *Box) Clients() []MQTTClient {
	b.t.Helper()
	clients, err := b.control.Clients(b.t.Context(), b.ID)
	b.must("list the MQTT clients", err)
	return clients
}

// Cut cuts the MQTT client with that ID of Clients. Its connection is over when Cut returns.
func (b *Box) Cut(id string) {
	b.t.Helper()
	b.must("cut the MQTT client "+id, b.control.CutClient(b.t.Context(), b.ID, id))
}
