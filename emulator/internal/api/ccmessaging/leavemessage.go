package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// maxLeft is how many messages of a user on a channel are kept that nobody answered; the oldest give way.
const maxLeft = 20

// leftMessage is one that a user leaves when nobody is there.
type leftMessage struct {
	At     int64  `cbor:"1,keyasint"` // Unix milliseconds
	Caller string `cbor:"2,keyasint"`
	Text   string `cbor:"3,keyasint"`
}

// leaveMessage keeps a message for when somebody is there again.
func leaveMessage(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "callId", "")
	if err != nil {
		return wire.Result{}, err
	}
	left := leftMessage{
		At: turn.Now.UnixMilli(), Caller: api.Text(call, "caller"), Text: shorten(api.Text(call, "leaveMessage"), maxKept),
	}
	open := false
	err = inChat(ctx, turn, c.clientToken, func(of *chat) {
		open = of.Open
		of.Left = append(of.Left, left)
		of.Left = of.Left[max(len(of.Left)-maxLeft, 0):]
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("keep the message: %w", err)
	}
	if open {
		findings = append(findings, wire.Finding{
			Check: "session", Level: wire.LevelAdvice,
			Message: "The session is open; the pages leave a message where a CONNECT failed, and end there.",
		})
	}
	return wire.Result{
		Header: header, Findings: findings, Body: outcome(succeeded, "Save leaveMessage success!"),
	}, nil
}
