package cli

import "github.com/tokenstage/tokenstage/emulator/internal/listen"

// limitFlags are the flags of serve that limit what clients may use.
type limitFlags struct {
	MaxConnections connections `default:"4096" placeholder:"N" help:"Limit of clients connected to each address at once."`
}

func (f limitFlags) limits() listen.Limits {
	return listen.Limits{Connections: int(f.MaxConnections)}
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
