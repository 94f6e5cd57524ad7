package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// healthLimit is the longest time that a healthy emulator takes to answer.
const healthLimit = 2 * time.Second

// healthcheckCommand tells whether a running emulator is ready.
type healthcheckCommand struct {
	controlFlags
	jsonFlag
}

// Help gives the examples.
func (healthcheckCommand) Help() string {
	return examples(
		"tokenstage healthcheck", "is it ready?",
		`HEALTHCHECK CMD ["tokenstage", "healthcheck"]`, "in a Dockerfile",
	)
}

// Run asks the control plane.
func (h *healthcheckCommand) Run(ctx context.Context, env Env) error {
	// Where serve was given another address by its variable, as in a container, it is looked for there.
	if addr, ok := env.LookupEnv("TOKENSTAGE_CONTROL_ADDR"); ok && addr != "" && h.Control == defaultControl {
		h.Control = controlURL("http://" + listen.Reachable(addr))
	}
	limited, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	err := h.client().Health(limited)
	if err == nil {
		return h.done(env, "ready", map[string]bool{"ready": true})
	}
	if ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("no answer from %s within %s: look at the log of tokenstage serve", h.Control, healthLimit)
	}
	return h.failure(err, "serve --help")
}
