package emulator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

const (
	pushKey  = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	patience = time.Minute // for what comes soon
)

// pushed is what a receiver got.
type pushed struct {
	authorization, host, path, content, body string
	Timestamp                                int64
	Messages                                 []struct{ ControlType, Content, SourceType, From, To, MessageCode string }
}

// receiver takes pushes and answers them in turn; the last answer stays.
func receiver(t *testing.T, answers ...string) (at string, came <-chan pushed) {
	t.Helper()
	got := make(chan pushed, 100)
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		p := pushed{
			authorization: r.Header.Get("Authorization"), host: r.Host, path: r.Method + " " + r.URL.Path,
			content: r.Header.Get("Content-Type"), body: string(raw),
		}
		if err != nil || json.Unmarshal(raw, &p) != nil {
			t.Errorf("the push %q cannot be read: %v", raw, err)
		}
		answer := answers[min(n, len(answers)-1)]
		n++
		status, body, _ := strings.Cut(answer, " ")
		switch status {
		case "302":
			w.Header().Set("Location", body)
			w.WriteHeader(http.StatusFound)
		case "500":
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, body)
		got <- p
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func next(t *testing.T, came <-chan pushed) pushed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case p := <-came:
		return p
	case <-ctx.Done():
		t.Fatal("nothing is pushed")
		return pushed{}
	}
}

// pushing is a world whose sandbox pushes there, and whose pauses between attempts last no time.
func pushing(t *testing.T, shared store.Store, at string, lines ...sandbox.ChatLine) *world {
	t.Helper()
	now := make(chan time.Time)
	close(now)
	w := newWorldWith(t, emulator.Options{
		Store: shared, After: func(time.Duration) <-chan time.Time { return now },
	}, func(d *sandbox.Definition) {
		d.Fixtures = sandbox.Fixtures{Chat: lines, Push: &sandbox.Push{URL: at, AccessKey: "shop", Key: pushKey}}
	})
	t.Cleanup(func() { _ = w.Close(context.WithoutCancel(t.Context())) })
	return w
}

// chat sends messages of the user of the examples, in the session that CONNECT opened before.
func (w *world) chat(t *testing.T, messages ...string) http.Header {
	t.Helper()
	op := operation(t, w, "ccmessaging", "send")
	text, body := w.example(t, op)
	r := validFabric(t, w, op, text, body)
	for _, content := range append([]string{""}, messages...) {
		w.say(t, r.Header, content)
	}
	return r.Header
}

// say sends a CONNECT where nothing is said, else a CHAT.
func (w *world) say(t *testing.T, header http.Header, content string) {
	t.Helper()
	op := operation(t, w, "ccmessaging", "send")
	_, example := w.example(t, op)
	body := strings.Replace(string(example), `"hello"`, `"`+content+`"`, 1)
	if content == "" {
		body = strings.Replace(body, `"CHAT"`, `"CONNECT"`, 1)
	}
	got := w.do(t, gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Header: header, Body: body})
	if got.status != http.StatusOK || !strings.Contains(got.body, `"resultCode":"0"`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
}

// signature computes that of a push anew.
func (p *pushed) signature() string {
	mac := func(key, text string) string {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(text))
		return hex.EncodeToString(m.Sum(nil))
	}
	sum := sha256.Sum256([]byte(p.body))
	begin := fmt.Sprintf("auth-v2/shop/%d/content-type;host", p.Timestamp)
	signed := strings.Replace(p.path, " ", "\n", 1) + "\n\ncontent-type:" + p.content + "\nhost:" + p.host + "\n" +
		hex.EncodeToString(sum[:])
	return begin + "/" + mac(mac(pushKey, begin), signed)
}

// pushesOf waits until the journal has so many pushes.
func (w *world) pushesOf(t *testing.T, count int) []journal.Entry {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watch, err := w.Watch()
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	for {
		var found []journal.Entry
		for _, e := range w.entries(t, w.box, 0) {
			if strings.HasSuffix(e.Request.URL, "/webhooks/v1/messages") {
				found = append(found, e)
			}
		}
		if len(found) >= count {
			return found
		}
		if _, err := watch.Next(ctx); err != nil {
			t.Fatalf("the journal has %d pushes, want %d", len(found), count)
		}
	}
}

// TestPush: what the other side says is pushed once it is due by the sandbox's clock, signed, and journaled.
func TestPush(t *testing.T) {
	t.Parallel()
	at, came := receiver(t, `200 {"resultCode":"0"}`)
	w := pushing(t, nil, at, sandbox.ChatLine{On: "CONNECT", Say: "Welcome!"},
		sandbox.ChatLine{On: "CHAT", After: "1h", Say: "Goodbye.", As: "AGENT", Do: "close"})
	w.chat(t)
	first := next(t, came)
	if first.authorization != first.signature() || first.path != "POST /webhooks/v1/messages" {
		t.Errorf("signed with %s, want %s", first.authorization, first.signature())
	}
	if len(first.Messages) != 1 || first.Messages[0].Content != "Welcome!" || first.Messages[0].SourceType != "ROBOT" ||
		first.Messages[0].To != "user-1" || first.Timestamp != instant.UnixMilli() {
		t.Errorf("pushed %s", first.body)
	}
	w.chat(t, "hello")
	w.pushesOf(t, 1)
	if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Advance: time.Hour}); err != nil {
		t.Fatal(err)
	}
	second := next(t, came)
	if len(second.Messages) != 2 || second.Messages[0].Content != "Goodbye." || second.Messages[1].ControlType != "DISCONNECT" {
		t.Errorf("pushed %s", second.body)
	}
	for _, e := range w.pushesOf(t, 2) {
		if e.Outcome != "ok" || e.Status != 200 || len(e.Findings) != 1 || strings.Contains(e.Request.Body, pushKey) {
			t.Errorf("the journal says %s %d %+v", e.Outcome, e.Status, e.Findings)
		}
	}
}

// TestPushIsTriedAgain within bounds; one that is refused stands in the journal, and the next one goes out.
func TestPushIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers  []string
		attempts int
		outcome  string
	}{
		"at last taken":         {[]string{"500 ", `200 {"resultCode":"1"}`, `200 {"resultCode":0}`}, 3, "ok"},
		"never taken":           {[]string{`500 {"resultCode":"0"}`}, 3, "push.refused"},
		"no result code":        {[]string{"200 fine"}, 3, "push.refused"},
		"redirect not followed": {[]string{"302 http://127.0.0.1:1/"}, 3, "push.refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, came := receiver(t, c.answers...)
			w := pushing(t, nil, at)
			header := w.chat(t, "one")
			for range c.attempts {
				next(t, came)
			}
			entry := w.pushesOf(t, 1)[0]
			if entry.Outcome != c.outcome || !strings.Contains(entry.Findings[0].Message, fmt.Sprint(c.attempts)) {
				t.Errorf("the journal says %s %+v", entry.Outcome, entry.Findings)
			}
			w.say(t, header, "two")
			if p := next(t, came); p.Messages[0].Content != "two" {
				t.Errorf("then %s is pushed", p.body)
			}
		})
	}
}

// TestPushStaysHere: a receiver is on this machine or named to the server.
func TestPushStaysHere(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Options{PushHosts: []string{"app"}})
	for at, good := range map[string]bool{
		"http://127.0.0.1:9/": true, "http://[::1]:9": true, "http://localhost:9": true, "https://APP": true,
		"http://10.0.0.1": false, "http://app.example": false, "http://127.0.0.1.example": false, "ftp://127.0.0.1": false,
		"http://user@127.0.0.1": false, "127.0.0.1:9": false, "http://[::ffff:10.0.0.1]": false, "": false,
	} {
		box, err := w.CreateSandbox(t.Context(), sandbox.Definition{
			Fixtures: sandbox.Fixtures{Push: &sandbox.Push{URL: at, AccessKey: "a", Key: pushKey}},
		}, nil)
		if (err == nil) != good {
			t.Errorf("%q: %v, %v", at, box, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "fixtures.push.url") {
			t.Errorf("%q: %v", at, err)
		}
	}
}

// TestPushOnce: of two servers on one store one pushes each message.
func TestPushOnce(t *testing.T) {
	t.Parallel()
	at, came := receiver(t, `200 {"resultCode":"0"}`)
	shared := memory.New()
	w := pushing(t, shared, at)
	other, err := emulator.New(t.Context(), emulator.Options{Store: shared, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close(context.WithoutCancel(t.Context())) })
	header := w.chat(t)
	const messages = 20
	own := w.handler
	for i := range messages {
		w.handler = own
		if i%2 == 1 {
			w.handler = other.Handler()
		}
		w.say(t, header, fmt.Sprint(i))
	}
	seen := map[string]bool{}
	for len(seen) < messages {
		for _, m := range next(t, came).Messages {
			if seen[m.MessageCode] || m.MessageCode == "" {
				t.Errorf("%s is pushed twice", m.Content)
			}
			seen[m.MessageCode] = true
		}
	}
}

// TestPushMsg passes on what an enterprise's own agents say, where messages are pushed.
func TestPushMsg(t *testing.T) {
	t.Parallel()
	at, came := receiver(t, `200 {"resultCode":"0"}`)
	w := pushing(t, nil, at)
	op := operation(t, w, "ccmessaging", "pushMsg")
	text, body := w.example(t, op)
	r := validFabric(t, w, op, text, body)
	r.Header.Del("ccmessaging-token")
	if got := w.do(t, r); !strings.Contains(got.body, `"resultCode":"0"`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if p := next(t, came); len(p.Messages) != 1 || p.Messages[0].Content != "Your parcel is on its way." {
		t.Errorf("pushed %s", p.body)
	}
}
