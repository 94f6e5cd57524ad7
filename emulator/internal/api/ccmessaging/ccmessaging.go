// Package ccmessaging is AICC's messaging: the two tokens that guard it, and as much of a conversation as their life
// needs, with a robot that echoes.
package ccmessaging

import (
	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the API's name. AccessTokens and client tokens are both listed under it.
const Name = "ccmessaging"

// New returns the API.
func New() api.API {
	return api.API{Name: Name, Opens: opens, Handlers: map[string]api.Handler{
		"tokenByAkSk": tokenByAkSk,
		"applyToken":  applyToken,
		"send":        send,
		"poll":        poll,
	}}
}

// Result codes of the calls; numbers travel as text.
const (
	succeeded = "0"
	failed    = "13"
)

func outcome(code, text string) wire.Object {
	return wire.Object{{Name: "resultCode", Value: code}, {Name: "resultDesc", Value: text}}
}
