package clients_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// No SDK of the AICC is published in Go, so the enterprise backend is written here with net/http, as the vendor's
// pages describe it.
type backend struct {
	app         app
	accessToken string
	chatToken   string
}

const (
	tokenPath = "/apigovernance/api/oauth/tokenByAkSk"
	applyPath = "/apiaccess/ccmessaging/applyToken"
	sendPath  = "/apiaccess/ccmessaging/send"
	channel   = "202402195001"
	customer  = "alice"
)

// post sends a JSON body with the headers of the backend's tokens and reads a JSON answer.
func (b *backend) post(t *testing.T, path string, body any) (fabricReply, *http.Response) {
	t.Helper()
	return b.do(t, http.MethodPost, path, bytes.NewReader(mustJSON(t, body)))
}

// fabricReply holds the fields of every answer that these tests read; all codes are strings on the wire.
type fabricReply struct {
	AccessToken, ApplyType, CreateTime, Expires string
	Token, ResultCode, ResultDesc               string
	ErrorCode, ExceptionInfo                    string
	DownlinkMessages                            []message
}

type message struct{ From, To, ControlType, Content, SourceType string }

func (b *backend) do(t *testing.T, method, path string, body io.Reader) (fabricReply, *http.Response) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+os.Getenv(dataEnv)+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	if path == tokenPath {
		request.Header.Set("X-Token-Expire", "3600")
	} else {
		request.Header.Set("x-app-key", b.app.Key)
		request.Header.Set("Authorization", "Bearer "+b.accessToken)
		request.Header.Set("ccmessaging-token", b.chatToken)
	}
	text, response := exchange(t, request)
	var reply fabricReply
	if err := json.Unmarshal(text, &reply); err != nil {
		t.Fatalf("%s %s: %s, %q is not JSON", method, path, response.Status, text)
	}
	return reply, response
}

// authorize gets an access token, which is the first half of signing in.
func (b *backend) authorize(t *testing.T) {
	t.Helper()
	reply, response := b.post(t, tokenPath, map[string]string{"app_key": b.app.Key, "app_secret": b.app.Secret})
	created, err := strconv.ParseInt(reply.CreateTime, 10, 64)
	if response.StatusCode != http.StatusOK || reply.AccessToken == "" || reply.ApplyType != "Bearer" ||
		reply.Expires != "3600" || err != nil || created == 0 {
		t.Fatalf("tokenByAkSk: %s, %+v", response.Status, reply)
	}
	b.accessToken = reply.AccessToken
}

// signIn gets both tokens.
func (b *backend) signIn(t *testing.T) {
	t.Helper()
	b.authorize(t)
	reply, response := b.post(t, applyPath, map[string]string{
		"userId": customer, "userName": "Alice", "channelId": channel, "locale": "zh",
	})
	if response.StatusCode != http.StatusOK || reply.ResultCode != "0" || reply.Token == "" {
		t.Fatalf("applyToken: %s, %+v", response.Status, reply)
	}
	b.chatToken = reply.Token
}

// send speaks in the chat and expects result 0.
func (b *backend) send(t *testing.T, control, content string) {
	t.Helper()
	reply, response := b.trySend(t, control, content)
	if response.StatusCode != http.StatusOK || reply.ResultCode != "0" {
		t.Fatalf("send %s: %s, %+v", control, response.Status, reply)
	}
}

func (b *backend) trySend(t *testing.T, control, content string) (fabricReply, *http.Response) {
	t.Helper()
	return b.post(t, sendPath, map[string]string{
		"channel": "WEB", "content": content, "controlType": control, "from": customer, "to": channel,
		"mediaType": "TEXT", "sourceType": "CUSTOMER",
	})
}

// poll fetches what is waiting for the customer.
func (b *backend) poll(t *testing.T) (fabricReply, *http.Response) {
	t.Helper()
	query := url.Values{"receiverId": {customer}, "channel": {"WEB"}}
	reply, response := b.do(t, http.MethodGet, "/apiaccess/ccmessaging/poll?"+query.Encode(), nil)
	if response.StatusCode != http.StatusOK || reply.ResultCode != "0" {
		t.Fatalf("poll: %s, %+v", response.Status, reply)
	}
	return reply, response
}

func newBackend(t *testing.T) (*box, *backend) {
	t.Helper()
	b := newBox(t)
	return b, &backend{app: b.Credentials.Fabric[0]}
}

func TestFabricChat(t *testing.T) {
	t.Parallel()
	_, backend := newBackend(t)
	backend.signIn(t)
	backend.send(t, "CONNECT", "")
	backend.send(t, "CHAT", "where is my order?")
	reply, _ := backend.poll(t)
	if !slices.ContainsFunc(reply.DownlinkMessages, func(m message) bool {
		return m.From == channel && m.To == customer && m.ControlType == "CHAT" && m.Content != ""
	}) {
		t.Errorf("poll gave %+v, want an answer of the robot", reply.DownlinkMessages)
	}
	backend.send(t, "DISCONNECT", "")
}

// A lapsed token is answered with 401; the backend signs in again and sends the same message once more
// (vendor page applyToken, Notes; vendor page Web Client Access).
func TestFabricSignsInAgain(t *testing.T) {
	t.Parallel()
	box, backend := newBackend(t)
	backend.signIn(t)
	box.advance(t, 61*time.Minute)
	reply, response := backend.trySend(t, "CONNECT", "")
	if response.StatusCode != http.StatusUnauthorized || reply.ErrorCode == "" || reply.ExceptionInfo == "" {
		t.Fatalf("send with lapsed tokens: %s, %+v", response.Status, reply)
	}
	backend.signIn(t)
	backend.send(t, "CONNECT", "")
}

// A token that lapses while the chat is open is renewed in the answer's header ccmessaging-token (vendor page
// applyToken, Notes).
func TestFabricRenewsInsideAChat(t *testing.T) {
	t.Parallel()
	box, backend := newBackend(t)
	backend.signIn(t)
	backend.send(t, "CONNECT", "")
	renewed := ""
	for range 13 { // 65 minutes; polling keeps the chat open
		box.advance(t, 5*time.Minute)
		backend.authorize(t)
		_, response := backend.poll(t)
		renewed = cmp.Or(renewed, response.Header.Get("ccmessaging-token"))
	}
	if renewed == "" || renewed == backend.chatToken {
		t.Fatalf("the token was renewed to %q", renewed)
	}
	if _, response := backend.poll(t); response.Header.Get("ccmessaging-token") != renewed {
		t.Errorf("the lapsed token was renewed to %q and then to %q",
			renewed, response.Header.Get("ccmessaging-token"))
	}
	backend.chatToken = renewed
	if _, response := backend.poll(t); response.Header.Get("ccmessaging-token") != "" {
		t.Error("the new token was renewed at once")
	}
	backend.send(t, "DISCONNECT", "")
}

func TestFabricRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*backend)
		call   func(t *testing.T, b *backend) (fabricReply, *http.Response)
		status int
	}{
		"wrong secret": {
			change: func(b *backend) { b.app.Secret += "x" },
			call: func(t *testing.T, b *backend) (fabricReply, *http.Response) {
				return b.post(t, tokenPath, map[string]string{"app_key": b.app.Key, "app_secret": b.app.Secret})
			},
			status: http.StatusForbidden,
		},
		"unknown app key": {
			change: func(b *backend) { b.app.Key += "x" }, call: connect, status: http.StatusUnauthorized,
		},
		"unknown access token": {
			change: func(b *backend) { b.accessToken = "0f1e" }, call: connect, status: http.StatusUnauthorized,
		},
		"unknown chat token": {
			change: func(b *backend) { b.chatToken += "x" }, call: connect, status: http.StatusUnauthorized,
		},
		"no user": {
			call: func(t *testing.T, b *backend) (fabricReply, *http.Response) {
				return b.post(t, applyPath, map[string]string{"userName": "Alice", "channelId": channel, "locale": "zh"})
			},
			status: http.StatusBadRequest,
		},
		"wrong method": {
			call: func(t *testing.T, b *backend) (fabricReply, *http.Response) {
				return b.do(t, http.MethodGet, applyPath, nil)
			},
			status: http.StatusMethodNotAllowed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, backend := newBackend(t)
			backend.signIn(t)
			if c.change != nil {
				c.change(backend)
			}
			reply, response := c.call(t, backend)
			if response.StatusCode != c.status || reply.ErrorCode == "" || reply.ExceptionInfo == "" {
				t.Errorf("%s, %+v, want status %d and the gateway's envelope", response.Status, reply, c.status)
			}
		})
	}
}

func connect(t *testing.T, b *backend) (fabricReply, *http.Response) {
	t.Helper()
	return b.trySend(t, "CONNECT", "")
}
