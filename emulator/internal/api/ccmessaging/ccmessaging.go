// Package ccmessaging is AICC's messaging: the two tokens that guard it, and the chats that they are for.
package ccmessaging

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the API's name. AccessTokens and client tokens are both listed under it.
const Name = "ccmessaging"

// New returns the API. wake is told of sandboxes in which something may have to be pushed; nil means that nothing is.
func New(wake func(*sandbox.Sandbox)) api.API {
	handlers := map[string]api.Handler{
		"tokenByAkSk": tokenByAkSk,
		"applyToken":  applyToken,
		"send":        send,
		"sendAsync":   sendAsync,
		"poll":        poll,
		"pushMsg":     pushMsg,

		"queryHistoryChatMessage": queryHistory,
		"uploadFileStream":        upload,
		"downloadFileStream":      download,

		"doLeaveMessage":            leaveMessage,
		"getsatisfactionsurveymode": surveyMode,
		"saveSatisfaction":          saveSatisfaction,
		"createClickToCall":         createClickToCall,
	}
	for name, handle := range handlers {
		handlers[name] = func(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
			if wake != nil && turn.Fixtures.Push != nil {
				wake(turn.Sandbox)
			}
			return handle(ctx, turn, call)
		}
	}
	return api.API{Name: Name, Opens: opens, Handlers: handlers}
}

// Result codes of the calls; numbers travel as text.
const (
	succeeded    = "0"
	outsideHours = "12"
	failed       = "13"
)

func outcome(code, text string) wire.Object {
	return wire.Object{{Name: "resultCode", Value: code}, {Name: "resultDesc", Value: text}}
}

// refused is a business failure: a success of HTTP whose result code says otherwise.
func refused(header http.Header, findings []wire.Finding, code, text, why string) wire.Result {
	return wire.Result{
		Header: header, Body: outcome(code, text), Outcome: "resultCode." + code,
		Findings: append(findings, wire.Finding{Check: "session", Level: wire.LevelError, Message: why}),
	}
}
