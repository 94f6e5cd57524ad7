package cli

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/mcptools"
)

// mcpCommand serves tools to an agent.
type mcpCommand struct{ controlFlags }

// Help gives the examples.
func (mcpCommand) Help() string {
	return "Clients start it and speak the Model Context Protocol on standard input and output; it ends when its input " +
		"does. The emulator may start later: until then the tools say how. A client that speaks HTTP needs no command: " +
		"the control plane has the same tools at /mcp.\n\n" + examples(
		"claude mcp add tokenstage -- tokenstage mcp", "tools for Claude Code",
		"tokenstage mcp --control http://ci:4011", "of an emulator elsewhere",
	)
}

// Run answers until the input ends.
func (m *mcpCommand) Run(ctx context.Context, env Env) error {
	return mcptools.Serve(ctx, env.Stdin, env.Stdout, mcptools.Options{
		Client: m.client(), Explain: func(err error) error { return m.failure(err, "help mcp") },
	})
}
