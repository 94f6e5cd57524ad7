package control

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

func listClients(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	return c.JSON(http.StatusOK, controlapi.ClientList{Clients: convertAll(p.broker.Clients(box), clientView)})
}

func cutClient(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	id := route.Param(c, "client")
	if !sandbox.ValidID(id) {
		return problem(http.StatusBadRequest, "the id of a client has 1 to 64 characters of a-z, 0-9 and -")
	}
	var known []string
	for _, client := range p.broker.Clients(box) {
		known = append(known, client.ID)
	}
	_, err := p.broker.Cut(c.Request().Context(), box, id, "The client was cut over the control plane.")
	if near := nearest.Name(id, known); err != nil && near != "" {
		return problem(http.StatusNotFound, nearest.Ask(err.Error(), near))
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
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
