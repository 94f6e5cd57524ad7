package store

import "errors"

// ErrDown says that a store did not answer, or not in time. What was asked of it may have been carried out.
var ErrDown = errors.New("the store does not answer")

// Shared is a store that several emulators use at once, and that can be out of reach.
type Shared interface {
	Store
	// Ready is nil while the store answers, else it says what is wrong.
	Ready() error
	// Announce tells the other emulators on the store that something of that name changed. It does not wait.
	Announce(name string)
	// Listen has heard called with the names that others announced; with none where anything may have changed, because
	// word of it may have been lost. It is called once, before the first Announce.
	Listen(heard func(names []string))
	// Close ends the connections.
	Close() error
}
