package fabric

import (
	"encoding/json"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Scheme is how the credentials of fabric are written: apps with a key and a secret. It implements sandbox.Scheme.
type Scheme struct{}

// Name is "fabric".
func (Scheme) Name() string { return Name }

// Parse reads and checks one app.
func (Scheme) Parse(raw json.RawMessage) ([]sandbox.ListedKey, error) {
	return gateway.ParseApp(raw, wire.FabricApp)
}

// Draw makes an app whose key is a UUID, as the ones of the real service.
func (Scheme) Draw(draw func(n int, alphabet string) string, uuid func() string) json.RawMessage {
	key := uuid()
	return gateway.App{AppKey: key, AppSecret: draw(32, random.LowerHex)}.JSON()
}
