package top

import (
	"encoding/json"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Scheme is how the credentials of top are written: apps with a key and a secret. It implements sandbox.Scheme.
type Scheme struct{}

// Name is "top".
func (Scheme) Name() string { return Name }

// Parse reads and checks one app.
func (Scheme) Parse(raw json.RawMessage) ([]sandbox.ListedKey, error) {
	return gateway.ParseApp(raw, wire.TopApp)
}

// Draw makes an app. Its key has so few digits that two are often alike: whoever draws it looks whether it is taken.
func (Scheme) Draw(draw func(n int, alphabet string) string, _ func() string) json.RawMessage {
	key := "9" + draw(9, "0123456789")
	return gateway.App{AppKey: key, AppSecret: draw(32, random.LowerHex)}.JSON()
}
