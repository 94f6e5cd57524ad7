package control

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

func listClients(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	clients, err := p.broker.Clients(c.Request().Context(), box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, controlapi.ClientList{Clients: convertAll(clients, clientView)})
}

func cutClient(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	id := route.Param(c, "client")
	if !sandbox.ValidID(id) {
		return problem(http.StatusBadRequest, "the id of a client has 1 to 64 characters of a-z, 0-9 and -")
	}
	_, err := p.broker.Cut(c.Request().Context(), box, id, "The client was cut over the control plane.")
	if errors.Is(err, world.ErrNoClient) {
		return p.nearClient(c, box, id, err)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// nearClient completes the error about a client that is not connected by the nearest one that is.
func (p *plane) nearClient(c echo.Context, box *sandbox.Sandbox, id string, unknown error) error {
	clients, err := p.broker.Clients(c.Request().Context(), box)
	if err != nil {
		return err
	}
	var known []string
	for _, client := range clients {
		known = append(known, client.ID)
	}
	if near := nearest.Name(id, known); near != "" {
		return problem(http.StatusNotFound, nearest.Ask(unknown.Error(), near))
	}
	return unknown
}

func clientView(c broker.Client) controlapi.MQTTClient {
	return controlapi.MQTTClient{
		ID: c.ID, ClientID: c.ClientID, Instance: c.Instance, Mode: controlapi.MQTTClientMode(c.Mode),
		Protocol: c.Protocol, Address: c.Address, Since: c.Since, CleanSession: c.CleanSession,
		Subscriptions: c.Subscriptions,
		Tokens: convertAll(c.Tokens, func(t broker.ClientToken) controlapi.MQTTToken {
			return controlapi.MQTTToken{
				ID: t.ID, Type: controlapi.MQTTTokenType(t.Type), Resources: t.Resources, ExpiresAt: t.ExpiresAt,
			}
		}),
	}
}
