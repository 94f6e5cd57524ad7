package cli

import "github.com/tokenstage/tokenstage/emulator/internal/listen"

// limitFlags are the flags of serve about what clients may take up.
type limitFlags struct {
	MaxConnections connections `default:"4096" placeholder:"N" help:"Clients connected to each address at once."`
}

func (f limitFlags) limits() listen.Limits {
	return listen.Limits{Connections: int(f.MaxConnections)}
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
