package ccmessaging_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// asking is a call for the history with further members, such as `"limit":"2"`.
func asking(token, members string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body:   fmt.Sprintf(`{"channelId":%q,"userId":%q,%s}`, channel, user, members),
	}
}

// history lists who said what, newest first.
func (w *world) history(token, members string) []string {
	w.tb.Helper()
	said := []string{}
	for _, m := range w.must("queryHistoryChatMessage", asking(token, members))["messageList"].([]any) {
		message := m.(map[string]any)
		said = append(said, fmt.Sprintf("%s %s", message["sourceType"], message["content"]))
	}
	return said
}

const whole = `"limit":"1000","offset":"0"`

func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	if said := w.history(token, whole); len(said) != 0 {
		t.Errorf("before anything was said the history has %q", said)
	}
	connect(w, token)
	w.must("send", sending(token, "CHAT", "one"))
	w.advance(time.Minute)
	w.must("sendAsync", sending(token, "CHAT", "two"))
	w.contents(token)
	disconnect(w, token)
	connect(w, token)
	w.advance(time.Minute)
	w.must("send", sending(token, "CHAT", "three"))
	at := epoch.Add(time.Minute).UnixMilli()
	for members, want := range map[string][]string{
		whole:                      {"ROBOT three", "USER three", "ROBOT two", "USER two", "ROBOT one", "USER one"},
		`"limit":"2","offset":"1"`: {"USER three", "ROBOT two"},
		`"limit":"0","offset":"0"`: {},
		`"limit":"99999999999999999999","offset":"99999999999999999999"`:                  {},
		fmt.Sprintf(`"limit":"9","offset":"0","startTime":"%d","endTime":"%d"`, at, at):   {"ROBOT two", "USER two"},
		fmt.Sprintf(`"limit":"9","offset":"0","startTime":"%d","endTime":null`, at+60001): {},
	} {
		if said := w.history(token, members); !slices.Equal(said, want) {
			t.Errorf("%s: the history has %q, want %q", members, said, want)
		}
	}
	if said := w.history(w.apply(user, channel), whole); len(said) != 6 {
		t.Errorf("another token of the user reads %q", said)
	}
}

func TestHistoryMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "CHAT", "hello"))
	list := w.must("queryHistoryChatMessage", asking(token, whole))["messageList"].([]any)
	echo, said := list[0].(map[string]any), list[1].(map[string]any)
	if said["senderNickname"] != "Ali & <Ce>" || said["sendTime"] != epoch.UnixMilli() || said["channelConfigId"] != channel ||
		said["userId"] != user || said["mediaType"] != "TEXT" || said["controlType"] != "CHAT" {
		t.Errorf("the user's message is %v", said)
	}
	if said["callId"] != echo["callId"] || said["id"] == echo["id"] || said["messageCode"] == echo["messageCode"] {
		t.Errorf("the messages are %v and %v: they belong to one call and have ids of their own", said, echo)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	for i := range 260 {
		w.must("send", sending(token, "CHAT", fmt.Sprintf("%03d", i)))
	}
	if said := w.history(token, whole); len(said) != 500 || said[499] != "USER 010" {
		t.Errorf("%d messages are remembered, the oldest %q", len(said), said[len(said)-1])
	}
	long := strings.Repeat("x", 10_000)
	for range 20 {
		w.must("send", sending(token, "CHAT", long))
	}
	size := 0
	for _, text := range w.history(token, whole) {
		size += len(text)
		if len(text) > 8192+len("USER ") {
			t.Fatalf("%d bytes of a message are kept", len(text))
		}
	}
	if size < 100<<10 || size > 140<<10 {
		t.Errorf("%d bytes are remembered", size)
	}
	w.advance(91 * 24 * time.Hour)
	if err := w.box.Space().Reclaim(t.Context(), epoch.Add(91*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if said := w.history(w.apply(user, channel), whole); len(said) != 0 {
		t.Errorf("after 91 days the history has %d messages", len(said))
	}
}

func TestHistoryOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply("user-2", channel)
	_, err := w.call("queryHistoryChatMessage", asking(token, whole))
	if fault, finding := refusal(t, err); fault.Kind != wire.WrongSecurityToken || !strings.Contains(finding, "userId") {
		t.Errorf("got %v: %s", fault, finding)
	}
}

// TestSendAsync has the effects and refusals of send, and a success of its own.
func TestSendAsync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	result, err := w.call("sendAsync", sending(token, "CHAT", "x"))
	if err != nil || result.Outcome != "resultCode.13" {
		t.Fatalf("without a session: %+v, %v", result, err)
	}
	for _, control := range []string{"CONNECT", "CHAT"} {
		body := w.must("sendAsync", sending(token, control, "hello"))
		if body["resultDesc"] != "send sendMessageForOpenApiAsync success." {
			t.Errorf("%s: got %v", control, body)
		}
	}
	if got := w.contents(token); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("poll gives %q", got)
	}
}

// TestIdleSessionSaysThatItEnded: the poll after the end gets a DISCONNECT of the system.
func TestIdleSessionSaysThatItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "CHAT", "unread"))
	w.advance(12 * time.Hour)
	body := w.must("poll", polling(w.apply(user, channel)))
	waiting := contract.Plain(body["downlinkMessages"]).([]any)
	if len(waiting) != 2 {
		t.Fatalf("poll gives %v", waiting)
	}
	last := waiting[1].(map[string]any)
	if last["controlType"] != "DISCONNECT" || last["sourceType"] != "SYSTEM" || last["content"] != nil || last["mediaType"] != nil {
		t.Errorf("the last message is %v", last)
	}
}
