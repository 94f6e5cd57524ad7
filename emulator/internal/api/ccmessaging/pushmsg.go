package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// pushMsg tells users what an enterprise's own agents say, where the sandbox pushes messages (page pushMsg, Scenario).
func pushMsg(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	if turn.Fixtures.Push == nil {
		return wire.Result{}, api.Refuse("resultCode."+failed, "fixtures.push",
			"The sandbox pushes no messages: fixtures.push names no receiver.")
	}
	messages, _ := call.Params["messages"].([]any)
	for _, raw := range messages {
		given, _ := raw.(map[string]any)
		text := func(name string) string {
			value, _ := given[name].(string)
			return value
		}
		m := identified(turn, message{
			At: turn.Now.UnixMilli(), ControlType: text("controlType"), MediaType: text("mediaType"),
			Content: shorten(text("content"), maxContent), Source: text("sourceType"), Nickname: text("senderNickname"),
		})
		m.Offline, _ = given["isOfflineStatus"].(bool)
		to := clientToken{UserID: text("to"), ChannelID: text("from")}
		if err := inChat(ctx, turn, to, func(of *chat) { of.pass(m) }); err != nil {
			return wire.Result{}, fmt.Errorf("pass the message on: %w", err)
		}
	}
	return wire.Result{Body: outcome(succeeded, "success")}, nil
}

// pass gives a message of an enterprise's own agent to the user.
func (c *chat) pass(m message) {
	switch m.ControlType {
	case controlChat:
		c.tell(m)
	case controlDisconnect:
		c.hangUp(m)
	default:
		c.wait(m)
	}
}
