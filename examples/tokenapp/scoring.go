package tokenapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Teacher has the service score what a pupil reads aloud. Its server creates a warrant for the pupil, with which the
// pupil's client opens a socket.
type Teacher struct {
	// Endpoint is host and port of the API, Scoring the URL of the sockets without a slash at its end.
	Endpoint, Scoring            string
	AccessKeyID, AccessKeySecret string
	AppID, Pupil                 string
	Now                          func() time.Time

	warrant string
	ends    time.Time
	nonces  int
}

// Refusal is what a socket answers where it gives no score.
type Refusal struct {
	ID    int    `json:"errId"`
	Error string `json:"error"`
}

// endedWarrant is the refusal of a warrant that has ended.
const endedWarrant = 41002

// Score is how well the audio says the text, from 0 to 100. A warrant is used for as long as it lasts, and replaced
// once where the service says that it has ended.
func (s *Teacher) Score(ctx context.Context, text string, audio []byte) (int, error) {
	for replaced := false; ; replaced = true {
		if s.warrant == "" || !s.Now().Before(s.ends) {
			if err := s.ask(ctx); err != nil {
				return 0, fmt.Errorf("get a warrant: %w", err)
			}
		}
		score, refusal, err := s.read(ctx, text, audio)
		switch {
		case err != nil:
			return 0, err
		case refusal.ID == endedWarrant && !replaced:
			s.warrant = ""
		case refusal.ID != 0:
			return 0, fmt.Errorf("the score is refused: %d %s", refusal.ID, refusal.Error)
		default:
			return score, nil
		}
	}
}

// ask creates a warrant.
func (s *Teacher) ask(ctx context.Context) error {
	const path = "/api/v1/aliyunConsole/createAccessWarrant"
	body, err := json.Marshal(map[string]string{"appId": s.AppID, "userId": s.Pupil})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	s.nonces++
	signV3(request, body, v3Call{
		action: "CreateAccessWarrant", version: "20240611", id: s.AccessKeyID, secret: s.AccessKeySecret, now: s.Now(),
		nonce: fmt.Sprintf("%d-%d", s.Now().UnixNano(), s.nonces),
	})
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var reply struct {
		APIError

		Success    bool
		ErrMessage string
		Data       struct {
			AccessWarrantID string
			ExpireTime      int64 `json:",string"`
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return fmt.Errorf("read the reply (%s): %w", response.Status, err)
	}
	if !reply.Success {
		return fmt.Errorf("status %d: %s", response.StatusCode, cmp.Or(reply.ErrMessage, reply.Error()))
	}
	s.warrant, s.ends = reply.Data.AccessWarrantID, time.Unix(reply.Data.ExpireTime, 0)
	return nil
}

// read opens a socket, sends the audio and waits for the score.
func (s *Teacher) read(ctx context.Context, text string, audio []byte) (int, Refusal, error) {
	const kind = "en.sent.score"
	socket, response, err := websocket.DefaultDialer.DialContext(ctx, s.Scoring+"/"+kind, nil)
	if err != nil {
		return 0, Refusal{}, err
	}
	_ = response.Body.Close() // the socket goes on without it
	defer socket.Close()
	app := map[string]any{"applicationId": s.AppID, "userId": s.Pupil, "warrantId": s.warrant}
	frames := []any{
		frame("start", map[string]any{
			"app":     app,
			"audio":   map[string]any{"audioType": "wav", "sampleRate": 16000, "channel": 1, "sampleBytes": 2},
			"request": map[string]any{"coreType": kind, "refText": text, "rank": 100},
		}),
		frame("feed", nil, audio...),
		frame("stop", map[string]any{"app": app}),
	}
	for _, f := range frames {
		if err := socket.WriteJSON(f); err != nil {
			break // a refusal ended the socket: it is read below
		}
	}
	var answer struct {
		Refusal

		Result struct{ Overall int }
	}
	err = socket.ReadJSON(&answer)
	return answer.Result.Overall, answer.Refusal, err
}

func frame(cmd string, param map[string]any, data ...byte) map[string]any {
	f := map[string]any{"cmd": cmd, "param": param}
	if len(data) > 0 {
		f["data"] = data // JSON has it in base64
	}
	return f
}
