package cli

import (
	"context"
	"fmt"
	"time"
)

// healthLimit is the longest time that a healthy emulator takes to answer.
const healthLimit = 2 * time.Second

// healthcheckCommand tells whether a running emulator is ready.
type healthcheckCommand struct{ controlFlags }

// Help gives the examples.
func (healthcheckCommand) Help() string {
	return examples(
		"tokenstage healthcheck", "is it ready?",
		`HEALTHCHECK CMD ["tokenstage", "healthcheck"]`, "in a Dockerfile",
	)
}

// Run asks the control plane.
func (h *healthcheckCommand) Run(ctx context.Context, env Env) error {
	limited, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	err := h.client().Health(limited)
	if err == nil {
		printf(env.Stdout, "ready\n")
		return nil
	}
	if ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("no answer from %s within %s: look at the log of tokenstage serve", h.Control, healthLimit)
	}
	return h.failure(err, "serve --help")
}
