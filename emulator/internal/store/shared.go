package store

import (
	"context"
	"errors"
)

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
	// Tell sends a message to the other emulators on the store, of which those get it that can be reached now. Messages
	// that are told one after the other come in that order. They are kept nowhere.
	Tell(ctx context.Context, message []byte) error
	// Ask asks the other emulators on the store, and returns the answers of those that answer in time.
	Ask(ctx context.Context, question []byte) (answers [][]byte, err error)
	// Attend has told called with the messages of others, one at a time, and asked with their questions. It is called
	// once, before the first Tell or Ask of others can matter.
	Attend(told func(message []byte), asked func(ctx context.Context, question []byte) (answer []byte))
	// Close ends the connections.
	Close() error
}
