package emulator_test

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// scoring is a client of the socket, as public clients are.
type scoring struct {
	t      *testing.T
	socket *websocket.Conn
	app    map[string]any
}

// warrant creates an access warrant for a user.
func (w *world) warrant(t *testing.T, user string) string {
	t.Helper()
	return w.createWarrant(t, fmt.Sprintf(`{"appId":"a123","userId":%q}`, user))
}

// signedWarrant is warrant for an application whose secret the sandbox knows.
func (w *world) signedWarrant(t *testing.T, user, secret string) string {
	t.Helper()
	at := fmt.Sprint(instant.Unix())
	sum := md5.Sum([]byte("app_secret=" + secret + "&appid=a123&timestamp=" + at + "&user_client_ip=1&user_id=" + user))
	return w.createWarrant(t, fmt.Sprintf(`{"appId":"a123","userId":%q,"timestamp":%q,"userClientIp":"1","requestSign":%q}`,
		user, at, hex.EncodeToString(sum[:])))
}

func (w *world) createWarrant(t *testing.T, body string) string {
	t.Helper()
	r := gatewaytest.Request{
		Method: http.MethodPost, Path: "/api/v1/aliyunConsole/createAccessWarrant", Host: host,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}
	got := w.do(t, w.acs.V3(r, "CreateAccessWarrant", "20240611"))
	var reply struct {
		Data struct{ AccessWarrantID string }
	}
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil || reply.Data.AccessWarrantID == "" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return reply.Data.AccessWarrantID
}

// dial opens a socket of the data plane.
func (w *world) dial(t *testing.T, user, warrant string) *scoring {
	t.Helper()
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	at := "ws" + strings.TrimPrefix(server.URL, "http") + "/en.sent.score?connect_id=5f0c1a2b3c4d5e6f70819203"
	socket, response, err := websocket.DefaultDialer.DialContext(t.Context(), at, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // there is none after the handshake
	t.Cleanup(func() { _ = socket.Close() })
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	app := map[string]any{"applicationId": "a123", "timestamp": "1772352000", "userId": user, "connect_id": "c1"}
	if warrant != "" {
		app["warrantId"] = warrant
	}
	return &scoring{t, socket, app}
}

func (s *scoring) send(cmd string, param map[string]any) {
	s.t.Helper()
	param["app"] = s.app
	if err := s.socket.WriteJSON(map[string]any{"cmd": cmd, "param": param}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scoring) start() {
	s.t.Helper()
	s.send("start", map[string]any{
		"audio":   map[string]any{"audioType": "wav", "sampleRate": 16000, "channel": 1, "sampleBytes": 2},
		"request": map[string]any{"coreType": "en.sent.score", "refText": "How are you?", "rank": 100, "tokenId": "t1"},
	})
}

// scored is an answer of the socket.
type scored struct {
	Code   *int
	ErrID  int `json:"errId"`
	Error  string
	EOF    int `json:"eof"`
	Result *struct {
		Overall, Pron, Accuracy, Integrity float64
		Fluency                            struct{ Overall float64 }
		Details                            []struct{ Char string }
	}
	TokenID string `json:"tokenId"`
}

func (s *scoring) read() scored {
	s.t.Helper()
	var answer scored
	if err := s.socket.ReadJSON(&answer); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// expectRefusal wants an errId, and the end of the connection.
func (s *scoring) expectRefusal(id int) {
	s.t.Helper()
	if answer := s.read(); answer.ErrID != id || answer.Error == "" || answer.EOF != 1 {
		s.t.Errorf("got %+v, want errId %d", answer, id)
	}
	if _, _, err := s.socket.ReadMessage(); err == nil {
		s.t.Error("the connection goes on after a refusal")
	}
}

// TestScoring: from the warrant to the score, twice in one connection.
func TestScoring(t *testing.T) {
	t.Parallel()
	pron := 70
	w := newWorld(t, func(d *sandbox.Definition) {
		d.Fixtures.Scores = []sandbox.Score{{RefText: "Other*", Overall: 1}, {CoreType: "en.sent.*", Overall: 91, Pron: &pron}}
	})
	s := w.dial(t, "sn123", w.warrant(t, "sn123"))
	s.send("connect", map[string]any{"sdk": map[string]any{"source": 7}})
	if answer := s.read(); answer.Code == nil || *answer.Code != 0 || answer.Result != nil {
		t.Errorf("connect is answered with %+v", answer)
	}
	for range 2 {
		s.start()
		if err := s.socket.WriteMessage(websocket.BinaryMessage, make([]byte, 1280)); err != nil {
			t.Fatal(err)
		}
		feed := map[string]any{"cmd": "feed", "data": base64.StdEncoding.EncodeToString(make([]byte, 20))}
		if err := s.socket.WriteJSON(feed); err != nil {
			t.Fatal(err)
		}
		s.send("stop", map[string]any{})
		answer := s.read()
		if answer.EOF != 1 || answer.TokenID != "t1" || answer.Result == nil || answer.Result.Overall != 91 ||
			answer.Result.Pron != 70 || answer.Result.Accuracy != 70 || answer.Result.Fluency.Overall != 91 ||
			len(answer.Result.Details) != 3 || answer.Result.Details[2].Char != "you?" {
			t.Fatalf("the score is %+v", answer)
		}
	}
	entries := w.entries(t, w.box, 1)
	if len(entries) != 5 || entries[2].Operation != "speech.stop" || !strings.Contains(entries[2].Request.URL, "bytes=1300") {
		t.Errorf("the journal has %d entries, %+v", len(entries), entries)
	}
}

// TestWarrantsAreJudged by the sandbox's clock, for the user and the application that they were created for.
func TestWarrantsAreJudged(t *testing.T) {
	t.Parallel()
	change := func(to token.State) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			if _, err := w.ChangeToken(t.Context(), w.box, "aicontent-1", to); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		user, warrant string
		app           map[string]any
		before        func(t *testing.T, w *world)
		code          int
		outcome       string
	}{
		"good": {user: "sn123"},
		"in its last second": {user: "sn123", before: func(t *testing.T, w *world) {
			t.Helper()
			if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Advance: 2*time.Hour - time.Second}); err != nil {
				t.Fatal(err)
			}
		}},
		"over": {user: "sn123", code: 41002, outcome: "WarrantExpired", before: func(t *testing.T, w *world) {
			t.Helper()
			if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Advance: 2 * time.Hour}); err != nil {
				t.Fatal(err)
			}
		}},
		"expired by hand": {user: "sn123", code: 41002, outcome: "WarrantExpired", before: change(token.Expired)},
		"revoked":         {user: "sn123", code: 41001, outcome: "WarrantUnknown", before: change(token.Revoked)},
		"after a reset": {user: "sn123", code: 41001, outcome: "WarrantUnknown", before: func(t *testing.T, w *world) {
			t.Helper()
			if err := w.Reset(t.Context(), w.box); err != nil {
				t.Fatal(err)
			}
		}},
		"another user":        {user: "sn124", code: 41003, outcome: "WarrantOfAnotherUser"},
		"another application": {user: "sn123", app: map[string]any{"applicationId": "b"}, code: 41004, outcome: "WarrantOfAnotherApplication"},
		"none":                {user: "sn123", app: map[string]any{"warrantId": ""}, code: 41000, outcome: "WarrantMissing"},
		"made up":             {user: "sn123", app: map[string]any{"warrantId": "ex20000000001"}, code: 41001, outcome: "WarrantUnknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.dial(t, c.user, w.warrant(t, "sn123"))
			for member, value := range c.app {
				s.app[member] = value
			}
			if c.before != nil {
				c.before(t, w)
			}
			s.start()
			if c.code != 0 {
				s.expectRefusal(c.code)
				return
			}
			s.send("stop", map[string]any{})
			if answer := s.read(); answer.Result == nil || answer.Result.Overall != 80 {
				t.Errorf("got %+v", answer)
			}
		})
	}
}

// TestSocketOfAnotherSandbox: the warrant alone leads to its sandbox.
func TestSocketOfAnotherSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.box
	warrant := w.warrant(t, "u")
	box, err := w.CreateSandbox(t.Context(), sandbox.Definition{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.enter(box)
	s := w.dial(t, "u", warrant)
	s.start()
	s.send("stop", map[string]any{})
	s.read()
	if here, there := w.entries(t, box, 0), w.entries(t, first, 1); len(here) != 0 || len(there) != 2 {
		t.Errorf("%d entries here, %d there", len(here), len(there))
	}
}

// TestSignaturesOfSockets: both that public clients send are good, where the sandbox knows the secret.
func TestSignaturesOfSockets(t *testing.T) {
	t.Parallel()
	one, two := sha1.Sum([]byte("a1231772352000app-secret")), md5.Sum([]byte("app-secret1772352000"))
	for sig, code := range map[string]int{hex.EncodeToString(one[:]): 0, hex.EncodeToString(two[:]): 0, "": 41005, "00": 41005} {
		w := newWorld(t, func(d *sandbox.Definition) {
			d.Fixtures.Warrants = []sandbox.WarrantApp{{AppID: "a123", AppSecret: "app-secret"}}
		})
		s := w.dial(t, "sn123", w.signedWarrant(t, "sn123", "app-secret"))
		s.app["sig"] = sig
		s.send("connect", map[string]any{})
		if code != 0 {
			s.expectRefusal(code)
			continue
		}
		s.read()
		delete(s.app, "sig") // that of the connect stays good
		s.start()
		s.send("stop", map[string]any{})
		if answer := s.read(); answer.Result == nil {
			t.Errorf("got %+v", answer)
		}
	}
}

// TestFramesWithoutAPlace end the connection, with a sentence in the journal.
func TestFramesWithoutAPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind int
		text string
		id   int
	}{
		"no JSON":        {websocket.TextMessage, "{", 8193},
		"unknown cmd":    {websocket.TextMessage, `{"cmd":"shout"}`, 8193},
		"stop at first":  {websocket.TextMessage, `{"cmd":"stop"}`, 8193},
		"audio at first": {websocket.BinaryMessage, "audio", 8193},
		"wrong types":    {websocket.TextMessage, `{"cmd":"start","param":[]}`, 8193},
	} {
		w := newWorld(t)
		s := w.dial(t, "u", "")
		if err := s.socket.WriteMessage(c.kind, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		s.expectRefusal(c.id)
		if entries := w.entries(t, w.Default(), 0); len(entries) != 1 || entries[0].Outcome != "InvalidFrame" || len(entries[0].Findings) == 0 {
			t.Errorf("%s: the journal says %+v", name, entries)
		}
	}
}

// TestAudioIsBounded in all, and frame by frame.
func TestAudioIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.dial(t, "u", w.warrant(t, "u"))
	s.start()
	for range 17 {
		if err := s.socket.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20)); err != nil {
			break // it was refused meanwhile
		}
	}
	s.expectRefusal(8197)
	s = w.dial(t, "u", w.warrant(t, "u"))
	s.start()
	_ = s.socket.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20+1))
	if _, _, err := s.socket.ReadMessage(); err == nil {
		t.Error("a frame beyond the bound is taken")
	}
}

// TestScriptedSocket plays a documented error by its name.
func TestScriptedSocket(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Options{})
	err := w.Player(w.box).Play(t.Context(), play.Playing{Name: "error/speech.start/WarrantExpired"})
	if err != nil {
		t.Fatal(err)
	}
	s := w.dial(t, "u", w.warrant(t, "u"))
	s.start()
	s.expectRefusal(41002)
}

// TestScriptedReplyToSocket: a script for everything cannot write a reply to a frame, and the journal says so.
func TestScriptedReplyToSocket(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Options{})
	warrant := w.warrant(t, "u")
	err := w.Play(t.Context(), w.box, play.Playing{
		Name: "own", Source: "name: own\nrules: [{on: '*', script: [{respond: {status: 200, body: '{}', offSpec: true}}]}]",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := w.dial(t, "u", warrant)
	s.start()
	if answer := s.read(); answer.Error == "" || answer.EOF != 1 {
		t.Errorf("got %+v, want a refusal", answer)
	}
	page, err := w.Journal(w.box).List(t.Context(), journal.Filter{Operation: "speech.start"})
	if err != nil || len(page.Requests) != 1 || len(page.Requests[0].Findings) == 0 ||
		!strings.Contains(page.Requests[0].Findings[0].Message, "the answers of speech.start are packets") {
		t.Errorf("%+v, %v", page, err)
	}
}
