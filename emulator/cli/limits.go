package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
)

// limitFlags are the flags of serve about what clients may take up.
type limitFlags struct {
	MaxConnections connections `default:"4096" placeholder:"N" help:"Most clients connected to each address at once."`
}

func (f limitFlags) limits() emulator.ServerLimits {
	return emulator.ServerLimits{Connections: int(f.MaxConnections)}
}

// connections is a number of clients.
type connections int

// Validate refuses a server that nobody can reach.
func (c connections) Validate() error {
	if c < 1 {
		return usagef("must be at least 1, got %d", c)
	}
	return nil
}

// sweepInterval is how often the memory of sandboxes whose time is over is given back.
const sweepInterval = time.Minute

// sweep removes them until ctx ends.
func sweep(ctx context.Context, em *emulator.Emulator, log *slog.Logger) {
	_ = tick(ctx, sweepInterval, func() error {
		removed, err := em.Sandboxes().Sweep(ctx)
		for _, id := range removed {
			log.Info("sandbox removed: nobody used it for its ttl", "sandbox", id)
		}
		if err != nil {
			log.Error("sandboxes whose time is over were not removed", "error", err)
		}
		return nil
	})
}
