package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// poll delivers what waits for a user, each message once, and keeps the session open. Without a session nothing waits
// (page poll, notes). It answers at once: neither a waiting time nor the empty answer is documented.
func poll(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, err := admit(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	if err := c.mustBe("receiverId", c.UserID, api.Text(call, "receiverId")); err != nil {
		return wire.Result{}, err
	}
	header, findings, err := c.renew(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	var waiting []message
	_, err = inSession(ctx, turn, c.clientToken, func(s *session) { waiting, s.Queue = s.Queue, nil })
	if err != nil {
		return wire.Result{}, fmt.Errorf("fetch the messages: %w", err)
	}
	delivered := make([]any, len(waiting))
	for i, m := range waiting {
		delivered[i] = m.downlink(c.clientToken)
	}
	body := append(outcome(succeeded, "query user messages success."),
		wire.Member{Name: "downlinkMessages", Value: delivered})
	return wire.Result{Header: header, Findings: findings, Body: body}, nil
}

// downlink is a message as page poll shows it, with the nulls of its samples; timestamp is a number there, although
// the table says String.
func (m message) downlink(t clientToken) wire.Object {
	return wire.Object{
		{Name: "from", Value: t.ChannelID},
		{Name: "to", Value: t.UserID},
		{Name: "channel", Value: "WEB"},
		{Name: "controlType", Value: "CHAT"},
		{Name: "mediaType", Value: m.MediaType},
		{Name: "content", Value: m.Content},
		{Name: "simQuestions", Value: nil},
		{Name: "senderNickname", Value: "robot"},
		{Name: "senderAvatar", Value: nil},
		{Name: "timestamp", Value: m.At},
		{Name: "sourceType", Value: "ROBOT"},
		{Name: "callId", Value: nil},
		{Name: "robotGender", Value: nil},
	}
}
