package ccmessaging_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

func TestConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	steps := []struct{ controlType, code, text string }{
		{"CHAT", "13", "sendUserMessage failed"},
		{"INPUT", "13", "sendUserMessage failed"},
		{"READ", "13", "sendUserMessage failed"},
		{"TRANS2AGENT", "13", "fail to transfer from robot to agent,session keep touch failed."},
		{"DISCONNECT", "13", "Failed to disconnect robot"},
		{"CONNECT", "0", "connect to robot successfully."},
		{"CHAT", "0", "Send message to robot successfully"},
		{"INPUT", "0", "Send message to robot successfully"},
		{"READ", "0", "Send message to robot successfully"},
		{"TRANS2AGENT", "0", "transfer to agent successfully"},
		{"CONNECT", "0", "connect to robot successfully."},
		{"DISCONNECT", "0", "Disconnect robot successfully"},
		{"CHAT", "13", "sendUserMessage failed"},
		{"DISCONNECT", "13", "Failed to disconnect robot"},
	}
	for i, step := range steps {
		result, err := w.call("send", sending(token, step.controlType, "hello"))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"resultCode":%q,"resultDesc":%q}`, step.code, step.text)
		if body := string(gateway.AppendJSON(nil, result.Body)); body != want {
			t.Errorf("step %d, %s: got %s, want %s", i, step.controlType, body, want)
		}
		if business := result.Outcome == "resultCode.13" && len(result.Findings) == 1; business != (step.code == "13") {
			t.Errorf("step %d, %s: the outcome is %q", i, step.controlType, result.Outcome)
		}
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	poll := func() string {
		result, err := w.call("poll", polling(token))
		if err != nil {
			t.Fatal(err)
		}
		return string(gateway.AppendJSON(nil, result.Body))
	}
	const empty = `{"resultCode":"0","resultDesc":"query user messages success.","downlinkMessages":[]}`
	if got := poll(); got != empty {
		t.Errorf("without session: got %s", got)
	}
	connect(w, token)
	if got := poll(); got != empty {
		t.Errorf("nothing said: got %s", got)
	}
	w.must("send", sending(token, "CHAT", "hello"))
	want := `{"resultCode":"0","resultDesc":"query user messages success.","downlinkMessages":[{` +
		`"from":"` + channel + `","to":"user-1","channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hello",` +
		`"simQuestions":null,"senderNickname":"robot","senderAvatar":null,"timestamp":1772366400500,` +
		`"sourceType":"ROBOT","callId":null,"robotGender":null}]}`
	if got := poll(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := poll(); got != empty {
		t.Errorf("polled again: got %s", got)
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		say  []string
		want []string
	}{
		"in order":        {[]string{"a", "b", "c"}, []string{"a", "b", "c"}},
		"empty":           {[]string{""}, []string{""}},
		"500 characters":  {[]string{strings.Repeat("用", 500)}, []string{strings.Repeat("用", 500)}},
		"more are cut":    {[]string{strings.Repeat("用", 501)}, []string{strings.Repeat("用", 500)}},
		"oldest give way": {numbers(0, 103), numbers(3, 103)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := w.apply(user, channel)
			connect(w, token)
			for _, content := range c.say {
				w.must("send", sending(token, "CHAT", content))
			}
			if got := w.contents(token); !slices.Equal(got, c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func numbers(from, to int) []string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "CHAT", "for user-1"))
	// The ids must not run into one another where the session is kept.
	other := w.apply(user, channel+"/x")
	if got := w.contents(other); got != nil {
		t.Fatalf("another channel was told %q", got)
	}
	if got := w.contents(token); len(got) != 1 {
		t.Fatalf("the user was told %q", got)
	}
}

func TestSessionEndsIdle(t *testing.T) {
	t.Parallel()
	const idle = 12 * time.Hour
	cases := map[string]struct {
		touch string // what keeps it alive at half time
		open  bool
	}{
		"untouched": {"", false},
		"poll":      {"poll", true},
		"send":      {"send", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := w.apply(user, channel)
			connect(w, token)
			w.advance(idle / 2)
			switch c.touch {
			case "poll":
				w.must("poll", polling(token))
			case "send":
				w.must("send", sending(token, "READ", ""))
			}
			w.advance(idle / 2)
			result, err := w.call("send", sending(w.apply(user, channel), "CHAT", "x"))
			if err != nil || (result.Outcome == "") != c.open {
				t.Fatalf("got %+v, %v; want it open: %v", result, err, c.open)
			}
		})
	}
}

func TestIdleSessionLeavesNothingToTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	w.must("send", sending(token, "CHAT", "old"))
	w.advance(12 * time.Hour)
	token = w.apply(user, channel)
	connect(w, token)
	if got := w.contents(token); got != nil {
		t.Fatalf("the next session was told %q", got)
	}
}

// TestEachMessageIsDeliveredOnce: concurrent chats and polls neither lose nor repeat a message.
func TestEachMessageIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	const messages = 60
	var (
		all sync.WaitGroup
		mu  sync.Mutex
		got []string
	)
	for i := range messages {
		all.Go(func() {
			if _, err := w.call("send", sending(token, "CHAT", fmt.Sprintf("%02d", i))); err != nil {
				t.Error(err)
			}
			result, err := w.call("poll", polling(token))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, m := range contract.Plain(result.Body).(map[string]any)["downlinkMessages"].([]any) {
				got = append(got, m.(map[string]any)["content"].(string))
			}
		})
	}
	all.Wait()
	slices.Sort(got)
	if len(got) != messages || len(slices.Compact(got)) != messages {
		t.Fatalf("%d messages were delivered, want %d, each once", len(got), messages)
	}
}
