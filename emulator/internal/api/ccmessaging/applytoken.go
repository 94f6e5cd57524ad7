package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// applyToken issues a client token. resultDesc is not sent, as page applyToken says; the order of the members is that
// of the click-to-dial guide's sample.
func applyToken(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	channel := api.Text(call, "channelId")
	if !sandbox.Allows(turn.Fixtures.Channels, channel) {
		return wire.Result{}, api.Refuse("500", "channelId",
			fmt.Sprintf("The sandbox lists its channels, and %q is none of them.", channel))
	}
	token, err := clientToken{
		UserID: api.Text(call, "userId"), UserName: api.Text(call, "userName"),
		Locale: api.Text(call, "locale"), ChannelID: channel,
	}.sealed(turn)
	if err != nil {
		return wire.Result{}, err
	}
	text, err := token.text()
	if err != nil {
		return wire.Result{}, err
	}
	if err := token.list(turn, call, "client token issued"); err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Body: wire.Object{
		{Name: "resultCode", Value: succeeded},
		{Name: "token", Value: text},
	}}, nil
}
