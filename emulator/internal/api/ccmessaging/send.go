package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// send passes a message on, or opens or closes a session.
func send(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	return pass(ctx, turn, call, func(d deed) string { return d.success })
}

// sendAsync does what send does; only the text of its success is another (page sendAsync, samples).
func sendAsync(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	return pass(ctx, turn, call, func(deed) string { return "send sendMessageForOpenApiAsync success." })
}

// pass carries out what a message asks for, and words the success.
func pass(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, success func(deed) string,
) (wire.Result, error) {
	c, err := admit(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	if err := c.mustBe("from", c.UserID, api.Text(call, "from")); err != nil {
		return wire.Result{}, err
	}
	if err := c.mustBe("to", c.ChannelID, api.Text(call, "to")); err != nil {
		return wire.Result{}, err
	}
	header, findings, err := c.renew(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	d, err := deedOf(ctx, turn, call, c.clientToken)
	if err != nil {
		return wire.Result{}, err
	}
	done := false
	err = aliveInChat(ctx, turn, c.clientToken, func(of *chat) { done = d.do(of) })
	if err != nil {
		return wire.Result{}, fmt.Errorf("%s: %w", d.controlType, err)
	}
	if done {
		return wire.Result{Header: header, Findings: findings, Body: outcome(succeeded, success(d))}, nil
	}
	return refused(header, findings, failed, d.failure, fmt.Sprintf(
		"%s has no open session: it needs a CONNECT first, and ends with DISCONNECT or %s after the last send or poll.",
		c.subject(), sessionIdle)), nil
}

// deed is what a controlType does.
type deed struct {
	controlType      string
	success, failure string
	// do reports whether there was a session to do it in. It may run more than once.
	do func(*chat) bool
}

// deedOf finds the deed with its texts. Those of CONNECT, CHAT and DISCONNECT and the failures are the wire texts of
// page send and of the older web client guide; the pages show no success of TRANS2AGENT, INPUT and READ, and no failure
// of CHAT with a robot, so the agent's serves.
func deedOf(ctx context.Context, turn *sandbox.Turn, call *wire.Call, t clientToken) (d deed, err error) {
	d = deed{
		controlType: api.Text(call, "controlType"), success: "Send message to robot successfully",
		failure: "sendUserMessage failed", do: func(of *chat) bool { return of.Open },
	}
	switch d.controlType {
	case "CONNECT":
		d.success, d.do = "connect to robot successfully.", connect(turn)
	case controlDisconnect:
		d.success, d.failure, d.do = "Disconnect robot successfully", "Failed to disconnect robot", disconnect
	case controlChat:
		d.do, err = converse(ctx, turn, call, t)
	case "TRANS2AGENT":
		d.success = "transfer to agent successfully"
		d.failure = "fail to transfer from robot to agent,session keep touch failed."
	}
	return d, err
}

// callDigits is how many digits end a call id, and idDigits how many the id of a message has, in the sample of page
// queryHistoryChatMessage.
const (
	callDigits = 8
	idDigits   = 17
)

// connect opens a session. Its call id has the form of the samples: seconds since 1970, a hyphen, digits.
func connect(turn *sandbox.Turn) func(*chat) bool {
	callID := fmt.Sprintf("%d-%s", turn.Now.Unix(), turn.Draw(callDigits, random.Digits))
	return func(of *chat) bool {
		of.open(callID)
		return true
	}
}

func disconnect(of *chat) bool {
	wasOpen := of.Open
	of.end()
	return wasOpen
}

// converse remembers what the user says and lets the robot echo it.
func converse(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, t clientToken,
) (func(*chat) bool, error) {
	fileType, err := attachment(ctx, turn, call)
	if err != nil {
		return nil, err
	}
	said := identified(turn, message{
		At: turn.Now.UnixMilli(), ControlType: controlChat, MediaType: api.Text(call, "mediaType"),
		Content: api.Text(call, "content"), Source: byUser, Nickname: nicknameOf(call, t),
	})
	echo := identified(turn, message{
		At: said.At, ControlType: controlChat, MediaType: said.MediaType, Content: shorten(said.Content, maxContent),
		Source: byRobot, Nickname: robotName, FileType: fileType,
	})
	return func(of *chat) bool {
		if !of.Open {
			return false
		}
		of.remember(said)
		of.tell(echo)
		return true
	}, nil
}

// nicknameOf is the user's name as the message gives it, else as the token does.
func nicknameOf(call *wire.Call, t clientToken) string {
	if name := api.Text(call, "senderNickname"); name != "" {
		return name
	}
	return t.UserName
}

// identified draws the ids of a message.
func identified(turn *sandbox.Turn, m message) message {
	m.ID, m.Code = turn.Draw(idDigits, random.Digits), turn.UUID()
	return m
}

// maxContent is the documented length of a delivered message: page poll, downlinkMessages, content.
const maxContent = 500

// robotName is what the robot calls itself; page poll has that which the tenant configures.
const robotName = "robot"
