package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
)

// limitFlags are the flags of serve that limit what clients may use.
type limitFlags struct {
	MaxConnections connections `default:"4096" placeholder:"N" help:"Limit of clients connected to each address at once."`
}

func (f limitFlags) limits() emulator.ServerLimits {
	return emulator.ServerLimits{Connections: int(f.MaxConnections)}
}

// connections is a flag with a number of connections.
type connections int

// Validate refuses a server that accepts no connections.
func (c connections) Validate() error {
	if c < 1 {
		return usagef("must be at least 1, got %d", c)
	}
	return nil
}

// sweepInterval is how often sandboxes are removed that were unused for longer than their ttl.
const sweepInterval = time.Minute

// sweep removes expired sandboxes until ctx ends.
func sweep(ctx context.Context, em *emulator.Emulator, log *slog.Logger) {
	_ = tick(ctx, sweepInterval, func() error {
		removed, err := em.Sandboxes().Sweep(ctx)
		for _, id := range removed {
			log.Info("sandbox removed: it was unused for its ttl", "sandbox", id)
		}
		if err != nil {
			log.Error("expired sandboxes were not removed", "error", err)
		}
		return nil
	})
}
