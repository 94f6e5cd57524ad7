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
	return pass(ctx, turn, call, func(success string) string { return success })
}

// sendAsync does what send does; only the text of its success is another (page sendAsync, samples).
func sendAsync(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	return pass(ctx, turn, call, func(string) string { return "send sendMessageForOpenApiAsync success." })
}

// pass carries out what a message asks for, and words its success.
func pass(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, success func(string) string,
) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "from", "to")
	if err != nil {
		return wire.Result{}, err
	}
	do, err := deedOf(ctx, turn, call, c.clientToken)
	if err != nil {
		return wire.Result{}, err
	}
	var came result
	err = aliveInChat(ctx, turn, c.clientToken, func(of *chat) { came = do(of) })
	if err != nil {
		return wire.Result{}, fmt.Errorf("%s: %w", api.Text(call, "controlType"), err)
	}
	if came.code == succeeded {
		return wire.Result{Header: header, Findings: findings, Body: outcome(succeeded, success(came.text))}, nil
	}
	return refused(header, findings, came.code, came.text, c.subject()+" "+came.why), nil
}

// result is what came of a message: a result code with its text, and for a refusal why, as the rest of a sentence about
// the user.
type result struct{ code, text, why string }

// deed is what a message does to a chat. It may run more than once.
type deed func(*chat) result

// deedOf finds what a message does. The texts of CONNECT, CHAT and DISCONNECT and the failures are the wire texts of
// page send and of the older web client guide; the pages show no success of TRANS2AGENT, INPUT and READ, and no failure
// of CHAT with a robot, so the agent's serves.
func deedOf(ctx context.Context, turn *sandbox.Turn, call *wire.Call, t clientToken) (deed, error) {
	switch api.Text(call, "controlType") {
	case sandbox.ChatConnect:
		return connect(turn, t), nil
	case controlDisconnect:
		return disconnect, nil
	case sandbox.ChatTransfer:
		return transfer(turn, t), nil
	case controlChat:
		return converse(ctx, turn, call, t)
	}
	return inSession(unsent, func(of *chat) result { return result{code: succeeded, text: sentTo(of)} }), nil
}

const unsent = "sendUserMessage failed"

// inSession is a deed that needs an open session, and the text of its failure without.
func inSession(failure string, do deed) deed {
	return func(of *chat) result {
		if of.Open {
			return do(of)
		}
		return result{failed, failure, fmt.Sprintf(
			"has no open session: it needs a CONNECT first, and ends with DISCONNECT, as its counterpart closes it, or %s "+
				"after the last send or poll.", sessionIdle)}
	}
}

func sentTo(of *chat) string {
	if of.Agent {
		return "sendUserMessage successfully."
	}
	return "Send message to robot successfully"
}

// nobodyThere is the answer where the fixtures say that nobody serves users now.
func nobodyThere(on string) deed {
	return func(*chat) result {
		return result{
			outsideHours, "The current time is not within the working time of the service agents",
			"finds nobody there: fixtures.chat refuse " + on + " on this channel.",
		}
	}
}

// callDigits is how many digits end a call id, and idDigits how many the id of a message has, in the sample of page
// queryHistoryChatMessage.
const (
	callDigits = 8
	idDigits   = 17
)

// connect opens a session. Its call id has the form of the samples: seconds since 1970, a hyphen, digits.
func connect(turn *sandbox.Turn, t clientToken) deed {
	callID := fmt.Sprintf("%d-%s", turn.Now.Unix(), turn.Draw(callDigits, random.Digits))
	plans, isRefused := plansFor(turn, t, sandbox.ChatConnect, "")
	return func(of *chat) result {
		switch {
		case of.Open:
		case isRefused:
			return nobodyThere(sandbox.ChatConnect)(of)
		default:
			of.open(callID)
			of.planAll(plans, turn.Now)
		}
		return result{code: succeeded, text: "connect to robot successfully."}
	}
}

// disconnect closes the session.
func disconnect(of *chat) result {
	success, failure := "Disconnect robot successfully", "Failed to disconnect robot"
	if of.Agent {
		success, failure = "disconnect successfully", "disconnect failed"
	}
	return inSession(failure, func(of *chat) result {
		of.end()
		return result{code: succeeded, text: success}
	})(of)
}

// transfer asks for an agent. Where the fixtures say nothing of it, the robot goes on.
func transfer(turn *sandbox.Turn, t clientToken) deed {
	plans, isRefused := plansFor(turn, t, sandbox.ChatTransfer, "")
	for i := range plans {
		if plans[i].Do == "" {
			plans[i].Do = sandbox.ChatHandOver
		}
	}
	return inSession("fail to transfer from robot to agent,session keep touch failed.", func(of *chat) result {
		switch {
		case of.Agent:
			return result{
				failed, "fail to transfer from robot to agent,it has been agent service.", "is served by an agent already.",
			}
		case isRefused:
			return nobodyThere(sandbox.ChatTransfer)(of)
		}
		of.planAll(plans, turn.Now)
		return result{code: succeeded, text: "transfer to agent successfully"}
	})
}

// converse remembers what the user says, and lets the counterpart answer as the fixtures say; else the robot echoes it.
func converse(ctx context.Context, turn *sandbox.Turn, call *wire.Call, t clientToken) (deed, error) {
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
		Source: byRobot, Nickname: nicknames[byRobot], FileType: fileType,
	})
	plans, _ := plansFor(turn, t, sandbox.ChatSays, said.Content)
	return inSession(unsent, func(of *chat) result {
		sent := sentTo(of)
		of.remember(said)
		if of.planAll(plans, turn.Now); len(plans) == 0 && !of.Agent {
			of.tell(echo)
		}
		return result{code: succeeded, text: sent}
	}), nil
}

// plansFor are what the counterpart will do about what a user does, and whether that is refused instead.
func plansFor(turn *sandbox.Turn, t clientToken, on, content string) (plans []message, isRefused bool) {
	lines := turn.Fixtures.Chat
	for i := range lines {
		line := &lines[i]
		switch {
		case !line.Fits(on, t.ChannelID, content):
		case line.Do == sandbox.ChatRefuse:
			return nil, true
		default:
			plans = append(plans, identified(turn, message{
				At: turn.Now.Add(line.Delay()).UnixMilli(), ControlType: controlChat, MediaType: "TEXT", Content: line.Say,
				Source: line.As, Do: line.Do,
			}))
		}
	}
	return plans, false
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
