package ccmessaging_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// told polls and returns who said what, as "AGENT hello", or "AGENT DISCONNECT".
func (w *world) told(token string) []string {
	w.tb.Helper()
	told := []string{}
	for _, m := range contract.Plain(w.must("poll", polling(token))["downlinkMessages"]).([]any) {
		message := m.(map[string]any)
		text := fmt.Sprint(message["sourceType"], " ", message["content"])
		if message["controlType"] == "DISCONNECT" {
			text = strings.Trim(fmt.Sprint(message["sourceType"], " DISCONNECT ", message["isOfflineStatus"]), " ")
		}
		told = append(told, text)
	}
	return told
}

// expectTold wants a poll to deliver exactly this.
func (w *world) expectTold(token string, want ...string) {
	w.tb.Helper()
	if got := w.told(token); !slices.Equal(got, want) {
		w.tb.Errorf("poll gives %q, want %q", got, want)
	}
}

// text is the resultDesc of a message, behind the result code of a refusal.
func (w *world) text(token, control, content string) string {
	w.tb.Helper()
	result, err := w.call("send", sending(token, control, content))
	if err != nil {
		w.tb.Fatal(err)
	}
	return strings.TrimPrefix(result.Outcome+" "+result.Body[1].Value.(string), " ")
}

// agency greets, hands over to an agent five seconds after a user asks for one, answers questions and closes.
var agency = []sandbox.ChatLine{
	{On: "CONNECT", Say: "Welcome!"},
	{On: "CHAT", Content: "*human*", Do: "transfer", After: "5s", Say: "Here is Ada."},
	{On: "TRANS2AGENT", After: "10s", Say: "Here is Bob."},
	{On: "CHAT", Content: "*order 1/2*", Say: "It is on its way.", After: "1m"},
	{On: "CHAT", Content: "bye", Say: "Goodbye.", Do: "close", After: "2s"},
}

// TestCounterpart is the whole story of a chat with an agent, by the sandbox's clock.
func TestCounterpart(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: agency})
	token := w.apply(user, channel)
	connect(w, token)
	w.expectTold(token, "ROBOT Welcome!")
	connect(w, token) // again, in the session: nobody greets twice
	w.must("send", sending(token, "CHAT", "nobody has a line for it"))
	w.expectTold(token, "ROBOT nobody has a line for it")
	w.must("send", sending(token, "CHAT", "a human please"))
	w.expectTold(token)
	w.advance(5*time.Second - time.Millisecond)
	w.expectTold(token)
	w.advance(time.Millisecond)
	w.expectTold(token, "AGENT Here is Ada.")
	if got := w.text(token, "CHAT", "no line for this either"); got != "sendUserMessage successfully." {
		t.Errorf("to an agent: %s", got)
	}
	w.expectTold(token)
	want := "resultCode.13 fail to transfer from robot to agent,it has been agent service."
	if got := w.text(token, "TRANS2AGENT", ""); got != want {
		t.Errorf("a second transfer: %s", got)
	}
	w.must("send", sending(token, "CHAT", "where is order 1/2?"))
	w.must("send", sending(token, "CHAT", "bye"))
	w.advance(2 * time.Second)
	w.expectTold(token, "AGENT Goodbye.", "AGENT DISCONNECT <nil>")
	w.advance(time.Hour / 2) // what was planned for later is not said any more
	w.expectTold(token)
	if got := w.text(token, "CHAT", "still there?"); got != "resultCode.13 sendUserMessage failed" {
		t.Errorf("after the end: %s", got)
	}
	history := w.history(token, whole)
	if len(history) != 9 || history[0] != "AGENT Goodbye." || history[8] != "ROBOT Welcome!" {
		t.Errorf("the history has %q", history)
	}
}

func TestTransferToAnAgent(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: agency})
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "TRANS2AGENT", ""))
	w.advance(10 * time.Second)
	w.expectTold(token, "ROBOT Welcome!", "AGENT Here is Bob.")
	if got := w.text(token, "DISCONNECT", ""); got != "disconnect successfully" {
		t.Errorf("got %s", got)
	}
	connect(w, token)
	w.expectTold(token, "ROBOT Welcome!")
	if got := w.text(token, "DISCONNECT", ""); got != "Disconnect robot successfully" {
		t.Errorf("the agent of the session before serves this one: %s", got)
	}
}

// TestOutsideWorkingTime: nobody answers on one channel, so a message is left.
func TestOutsideWorkingTime(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: []sandbox.ChatLine{
		{On: "CONNECT", Channel: channel, Do: "refuse"},
		{On: "CONNECT", Say: "Welcome!"},
		{On: "TRANS2AGENT", Do: "refuse"},
	}})
	token := w.apply(user, channel)
	const closed = "resultCode.12 The current time is not within the working time of the service agents"
	if got := w.text(token, "CONNECT", ""); got != closed {
		t.Errorf("got %s", got)
	}
	w.must("doLeaveMessage", leaving(token, user))
	w.expectTold(token)
	open := newWorldWith(t, sandbox.Fixtures{Chat: []sandbox.ChatLine{{On: "TRANS2AGENT", Do: "refuse"}}})
	token = open.apply(user, channel)
	connect(open, token)
	if got := open.text(token, "TRANS2AGENT", ""); got != closed {
		t.Errorf("got %s", got)
	}
	open.must("send", sending(token, "CHAT", "to the robot then"))
	open.expectTold(token, "ROBOT to the robot then")
}

// TestOffline: a user who waits too long is told so, and that the next message may be sent later.
func TestOffline(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: []sandbox.ChatLine{
		{On: "TRANS2AGENT", Say: "Queuing...", As: "SYSTEM"},
		{On: "TRANS2AGENT", After: "2m", Say: "Everybody is busy.", Do: "offline"},
	}})
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "TRANS2AGENT", ""))
	w.expectTold(token, "SYSTEM Queuing...")
	w.advance(2 * time.Minute)
	got := contract.Plain(w.must("poll", polling(token))["downlinkMessages"]).([]any)[0].(map[string]any)
	if got["controlType"] != "DISCONNECT" || got["isOfflineStatus"] != true || got["content"] != "Everybody is busy." ||
		got["sourceType"] != "SYSTEM" {
		t.Errorf("got %v", got)
	}
	connect(w, token)
}

// TestPlansAreBounded: a user who says the same all the time makes no heap of answers.
func TestPlansAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: []sandbox.ChatLine{
		{On: "CHAT", Say: "later", After: "1h"}, {On: "CHAT", Say: "now"},
	}})
	token := w.apply(user, channel)
	connect(w, token)
	for range 120 {
		w.must("send", sending(token, "CHAT", "x"))
		w.expectTold(token, "ROBOT now")
	}
	w.advance(life)
	if got := w.told(w.apply(user, channel)); len(got) != 100 || slices.Contains(got, "ROBOT now") {
		t.Errorf("%d answers came later", len(got))
	}
}
