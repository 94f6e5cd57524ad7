package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// send passes a message on, or opens or closes a session.
func send(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
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
	controlType := api.Text(call, "controlType")
	d := deedOf(controlType)
	done, err := d.do(ctx, turn, c.clientToken, call)
	if err != nil {
		return wire.Result{}, fmt.Errorf("%s: %w", controlType, err)
	}
	if done {
		return wire.Result{Header: header, Findings: findings, Body: outcome(succeeded, d.success)}, nil
	}
	return wire.Result{
		Header: header, Body: outcome(failed, d.failure), Outcome: "resultCode." + failed,
		Findings: append(findings, wire.Finding{Check: "session", Level: wire.LevelError, Message: fmt.Sprintf(
			"%s has no open session: it needs a CONNECT first, and ends with DISCONNECT or %s after the last send or poll.",
			c.subject(), sessionIdle)}),
	}, nil
}

// deed is what a controlType does. do reports whether there was a session to do it in.
type deed struct {
	do               func(context.Context, *sandbox.Turn, clientToken, *wire.Call) (bool, error)
	success, failure string
}

// deedOf finds the deed with its texts. Those of CONNECT, CHAT and DISCONNECT and the failures are the wire texts of
// page send and of the older web client guide; the pages show no success of TRANS2AGENT, INPUT and READ, and no failure
// of CHAT with a robot, so the agent's serves.
func deedOf(controlType string) deed {
	const unsent = "sendUserMessage failed"
	switch controlType {
	case "CONNECT":
		return deed{connect, "connect to robot successfully.", ""}
	case "DISCONNECT":
		return deed{disconnect, "Disconnect robot successfully", "Failed to disconnect robot"}
	case "CHAT":
		return deed{chat, "Send message to robot successfully", unsent}
	case "TRANS2AGENT":
		return deed{
			touch, "transfer to agent successfully", "fail to transfer from robot to agent,session keep touch failed.",
		}
	}
	return deed{touch, "Send message to robot successfully", unsent}
}

func connect(ctx context.Context, turn *sandbox.Turn, t clientToken, _ *wire.Call) (bool, error) {
	return true, openSession(ctx, turn, t)
}

func disconnect(ctx context.Context, turn *sandbox.Turn, t clientToken, _ *wire.Call) (bool, error) {
	return closeSession(ctx, turn, t)
}

// chat lets the robot echo.
func chat(ctx context.Context, turn *sandbox.Turn, t clientToken, call *wire.Call) (bool, error) {
	echo := message{
		At: turn.Now.UnixMilli(), MediaType: api.Text(call, "mediaType"), Content: shorten(api.Text(call, "content")),
	}
	return inSession(ctx, turn, t, func(s *session) { s.put(echo) })
}

// touch keeps the session open and does nothing else: the emulator has no agents.
func touch(ctx context.Context, turn *sandbox.Turn, t clientToken, _ *wire.Call) (bool, error) {
	return inSession(ctx, turn, t, func(*session) {})
}

// maxContent is the documented length of a delivered message: page poll, downlinkMessages, content.
const maxContent = 500

func shorten(content string) string {
	if runes := []rune(content); len(runes) > maxContent {
		return string(runes[:maxContent])
	}
	return content
}
