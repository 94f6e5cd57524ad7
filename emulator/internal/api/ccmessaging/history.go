package ccmessaging

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// queryHistory shows what was said between a user and a channel, newest first: the page's sample asks for one message
// up to an instant and gets that of the instant itself.
func queryHistory(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "userId", "channelId")
	if err != nil {
		return wire.Result{}, err
	}
	kept, err := chatOf(ctx, turn, c.clientToken)
	if err != nil {
		return wire.Result{}, err
	}
	from, to := number(call, "startTime", 0), number(call, "endTime", math.MaxInt64)
	skip, left := number(call, "offset", 0), number(call, "limit", 0)
	shown := []any{}
	for _, m := range slices.Backward(kept.History) {
		switch {
		case m.At < from || m.At > to:
		case skip > 0:
			skip--
		case left > 0:
			left--
			shown = append(shown, m.remembered(c.clientToken))
		}
	}
	return wire.Result{Header: header, Findings: findings, Body: append(
		wire.Object{{Name: "messageList", Value: shown}}, outcome(succeeded, "success")...)}, nil
}

// number is a parameter that the spec holds to digits; one beyond 64 bits is the greatest.
func number(call *wire.Call, name string, absent int64) int64 {
	text := api.Text(call, name)
	if text == "" {
		return absent
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// remembered is a message as page queryHistoryChatMessage shows it: the members of its sample, which are those of its
// newest edition, with channelConfigId and userId from the table of an earlier one.
func (m message) remembered(t clientToken) wire.Object {
	return wire.Object{
		{Name: "id", Value: m.ID},
		{Name: "channel", Value: "WEB"},
		{Name: "channelConfigId", Value: t.ChannelID},
		{Name: "userId", Value: t.UserID},
		{Name: "senderNickname", Value: orNull(m.Nickname, m.Nickname != "")},
		{Name: "senderAvatar", Value: nil},
		{Name: "sendTime", Value: m.At},
		{Name: "receiveTime", Value: m.At},
		{Name: "controlType", Value: m.ControlType},
		{Name: "sourceType", Value: m.Source},
		{Name: "mediaType", Value: orNull(m.MediaType, m.MediaType != "")},
		{Name: "content", Value: orNull(m.Content, m.MediaType != "")},
		{Name: "callId", Value: m.CallID},
		{Name: "messageCode", Value: m.Code},
		{Name: "associationContentId", Value: nil},
		{Name: "sendStatus", Value: nil},
		{Name: "errorMsg", Value: nil},
		{Name: "isForwarded", Value: false},
		{Name: "forwardTime", Value: nil},
		{Name: "contentDealType", Value: nil},
	}
}
