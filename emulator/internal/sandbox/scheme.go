package sandbox

import (
	"encoding/json"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Scheme says how the credentials of one gateway are written, checked, drawn and found.
type Scheme interface {
	// Name is the gateway's name, under which a definition lists its credentials.
	Name() string
	// Parse reads and checks one credential as JSON, strictly; the error says what is wrong. A credential can hold more
	// than one key.
	Parse(raw json.RawMessage) ([]ListedKey, error)
	// Draw makes the credential of a sandbox that lists none, from its chance.
	Draw(draw func(n int, alphabet string) string, uuid func() string) json.RawMessage
}

// ListedKey is one key of a credential in a definition.
type ListedKey struct {
	Key
	// Names is what requests name it by.
	Names wire.Credential
	// Secrets are its texts that nobody may see.
	Secrets []string
}
