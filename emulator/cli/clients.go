package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// clientsCommand is the group of commands about the MQTT clients that are connected.
type clientsCommand struct {
	List clientsListCommand `cmd:"" default:"withargs" help:"List the MQTT clients that are connected (default)."`
	Cut  clientsCutCommand  `cmd:"" help:"Cut an MQTT client."`
}

type clientsListCommand struct {
	sandboxFlags
	jsonFlag
}

// Help gives the examples.
func (clientsListCommand) Help() string {
	return examples(
		"tokenstage clients", "with the tokens that they hold, and the ends of those",
		"tokenstage clients --sandbox checkout-7", "those of another sandbox",
	)
}

// Run prints the list.
func (l *clientsListCommand) Run(ctx context.Context, env Env) error {
	clients, err := l.client().Clients(ctx, l.Sandbox)
	if err != nil {
		return l.failure(err, "sandbox list")
	}
	if l.JSON {
		return writeJSON(env.Stdout, controlapi.ClientList{Clients: clients})
	}
	if len(clients) == 0 {
		printf(env.Stdout, "no MQTT client is connected to the sandbox %s\n", l.Sandbox)
		return nil
	}
	rows := [][]string{{"ID", "CLIENT", "INSTANCE", "LOGIN", "SINCE", "TOKENS"}}
	for _, c := range clients {
		var tokens []string
		for _, t := range c.Tokens {
			tokens = append(tokens, fmt.Sprintf("%s %s until %s", t.Type, t.ID, formatTime(t.ExpiresAt)))
		}
		rows = append(rows, []string{
			c.ID, c.ClientID, c.Instance, string(c.Mode), formatTime(c.Since), strings.Join(tokens, ", "),
		})
	}
	table{}.write(env.Stdout, rows...)
	return nil
}

type clientsCutCommand struct {
	sandboxFlags
	jsonFlag
	ID string `arg:"" help:"Id of the client, as clients lists it."`
}

// Help gives the examples.
func (clientsCutCommand) Help() string {
	return examples("tokenstage clients cut mqtt-7", "and see how the app comes back")
}

// Run cuts the client.
func (c *clientsCutCommand) Run(ctx context.Context, env Env) error {
	if err := c.client().CutClient(ctx, c.Sandbox, c.ID); err != nil {
		return c.failure(err, strings.TrimSpace("clients "+c.chosen()))
	}
	return c.done(env, printable(c.ID)+" is cut", struct {
		ID string `json:"id"`
	}{c.ID})
}
