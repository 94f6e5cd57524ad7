package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// poll delivers what waits for a user, each message once, and keeps the session open. Without a session nothing waits
// (page poll, notes). It answers at once, where the service waits up to five seconds for a message.
func poll(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "receiverId", "")
	if err != nil {
		return wire.Result{}, err
	}
	var waiting []message
	err = aliveInChat(ctx, turn, c.clientToken, func(of *chat) { waiting, of.Queue = of.Queue, nil })
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
	shown := wire.Object{
		{Name: "from", Value: t.ChannelID},
		{Name: "to", Value: t.UserID},
		{Name: "channel", Value: "WEB"},
		{Name: "controlType", Value: m.ControlType},
		{Name: "mediaType", Value: orNull(m.MediaType, m.MediaType != "")},
		{Name: "content", Value: orNull(m.Content, m.MediaType != "")},
		{Name: "simQuestions", Value: nil},
		{Name: "senderNickname", Value: orNull(m.Nickname, m.Nickname != "")},
		{Name: "senderAvatar", Value: nil},
		{Name: "timestamp", Value: m.At},
		{Name: "sourceType", Value: m.Source},
		{Name: "callId", Value: nil},
		{Name: "robotGender", Value: nil},
	}
	if m.Offline {
		shown = append(shown, wire.Member{Name: "isOfflineStatus", Value: true})
	}
	if m.FileType != "" {
		shown = append(shown, wire.Member{Name: "contentType", Value: uploadedFile},
			wire.Member{Name: "mediaFileType", Value: m.FileType})
	}
	return shown
}

// uploadedFile is the contentType of a message whose content is an uploaded file's key (page poll, contentType).
const uploadedFile = "1"

// orNull is a text, or the null that stands for its absence.
func orNull(text string, there bool) any {
	if !there {
		return nil
	}
	return text
}
