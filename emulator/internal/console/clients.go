package console

import (
	"fmt"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// clientList is the page of the MQTT clients that are connected.
type clientList struct {
	Clients []clientRow
	// Broker is where MQTT is spoken, as host:port; empty where it is off.
	Broker string
}

// clientRow is a client in the list.
type clientRow struct {
	broker.Client

	Tokens []clientToken
}

// clientToken is a token of a client in the list.
type clientToken struct {
	broker.ClientToken

	// Left is how many seconds are left on the sandbox's clock.
	Left int64
}

func (c *console) clients(r *http.Request, l *layout) (body, error) {
	page := clientList{Broker: c.MQTT}
	connected, err := c.Broker.Clients(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	for _, client := range connected {
		row := clientRow{Client: client}
		for _, t := range client.Tokens {
			row.Tokens = append(row.Tokens, clientToken{t, int64(t.ExpiresAt.Sub(l.Clock.Now).Seconds())})
		}
		page.Clients = append(page.Clients, row)
	}
	return body{"clients", "Clients", page}, nil
}

// cutClient cuts the client of the pressed button.
func (c *console) cutClient(r *http.Request, box *sandbox.Sandbox) (string, error) {
	id := r.PostFormValue("cut")
	if id == "" {
		return "", &problem{http.StatusUnprocessableEntity, "A client can be cut."}
	}
	cut, err := c.Broker.Cut(r.Context(), box, id, "The client was cut in the console.")
	return fmt.Sprintf("%s is cut.", cut.ClientID), err
}
