// Package speech is the only home of the facts of the WebSocket at which access warrants are used, for spoken-language
// scoring: the frames of its clients, its answers and hosts. It speaks no WebSocket itself: package scorer does.
package speech

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the name of the gateway, and of its API.
const Name = "speech"

// The commands of a client's frames. All but Feed are operations of the API.
const (
	Connect = "connect"
	Start   = "start"
	Feed    = "feed"
	Stop    = "stop"
)

// Hosts are those of the real service.
var Hosts = gateway.SingleHosts("api.cloud.ssapi.cn", "gate-01.api.cloud.ssapi.cn", "gate-02.api.cloud.ssapi.cn",
	"gate-03.api.cloud.ssapi.cn")

// Codes of refusals.
const (
	InvalidFrame   = "InvalidFrame"
	AudioTooLarge  = "AudioTooLarge"
	NoRequest      = "8202"
	NoCoreType     = "8203"
	NoAudio        = "8218"
	WrongSignature = "SignatureDoesNotMatch"
	NoWarrant      = "WarrantMissing"
	UnknownWarrant = "WarrantUnknown"
	ExpiredWarrant = "WarrantExpired"
	WrongUser      = "WarrantOfAnotherUser"
	WrongApp       = "WarrantOfAnotherApplication"
)

// Table is how faults of the emulator itself are answered.
var Table = gateway.Table{wire.Internal: "InternalError", wire.Unavailable: "InternalError"}

// Frame is what a client sends as text.
type Frame struct {
	Cmd   string `json:"cmd"`
	Data  []byte `json:"data"` // audio of a feed
	Param struct {
		App     App      `json:"app"`
		Audio   *Audio   `json:"audio"`
		Request *Request `json:"request"`
	} `json:"param"`
}

// App is who a client is.
type App struct {
	ApplicationID string `json:"applicationId"`
	Timestamp     string `json:"timestamp"`
	Sig           string `json:"sig"`
	UserID        string `json:"userId"`
	ConnectID     string `json:"connect_id"`
	WarrantID     string `json:"warrantId"`
}

// Audio is how the audio is coded; nothing here depends on it.
type Audio struct {
	AudioType  string `json:"audioType"`
	SampleRate int64  `json:"sampleRate"`
}

// Request is what is to be scored.
type Request struct {
	CoreType string  `json:"coreType"`
	RefText  string  `json:"refText"`
	TokenID  string  `json:"tokenId"`
	Rank     float64 `json:"rank"`
}

// ReadFrame reads a frame of text.
func ReadFrame(raw []byte) (Frame, error) {
	var f Frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, errors.New("the frame is no JSON of the known form: " + err.Error())
	}
	switch f.Cmd {
	case Connect, Start, Feed, Stop:
		return f, nil
	}
	return f, fmt.Errorf("cmd is %.40q; it is connect, start, feed or stop", f.Cmd)
}

// Merge keeps what an earlier frame said of the client where this one says nothing.
func (a App) Merge(earlier App) App {
	if a.Sig == "" {
		a.Sig, a.Timestamp = earlier.Sig, earlier.Timestamp
	}
	for _, member := range []struct{ now, before *string }{
		{&a.ApplicationID, &earlier.ApplicationID},
		{&a.UserID, &earlier.UserID},
		{&a.ConnectID, &earlier.ConnectID},
		{&a.WarrantID, &earlier.WarrantID},
	} {
		if *member.now == "" {
			*member.now = *member.before
		}
	}
	return a
}

// fullScore is what scores are of where no rank is named.
const fullScore = 100

// Result is the answer to a stop.
type Result struct {
	App      App
	Request  Request
	RecordID string
	At       string // as the service writes an instant
	// Overall and the others are of a hundred.
	Overall, Pron, Fluency, Integrity float64
	// Words are those of the text.
	Words []string
}

// InstantLayout is how dtLastResponse is written.
const InstantLayout = "2006-01-02 15:04:05.000"

// Frame is the result as a client reads it.
func (r *Result) Frame() []byte {
	rank := r.Request.Rank
	if rank <= 0 {
		rank = fullScore
	}
	scale := func(score float64) float64 { return score * rank / fullScore }
	details := make([]map[string]any, len(r.Words))
	for i, word := range r.Words {
		details[i] = map[string]any{"char": word, "score": scale(r.Pron)}
	}
	return write(map[string]any{
		"applicationId": r.App.ApplicationID, "connect_id": r.App.ConnectID, "tokenId": r.Request.TokenID,
		"recordId": r.RecordID, "dtLastResponse": r.At, "eof": 1,
		"result": map[string]any{
			"overall": scale(r.Overall), "pron": scale(r.Pron), "accuracy": scale(r.Pron), "integrity": scale(r.Integrity),
			"fluency": map[string]any{"overall": scale(r.Fluency), "pause": 0, "speed": 1}, "rank": rank, "details": details,
		},
	})
}

// Connected is the answer to a connect.
func Connected(app App) []byte {
	return write(map[string]any{"cmd": Connect, "code": 0, "connect_id": app.ConnectID, "eof": 0})
}

// Refusal is a documented error as a client reads it.
func Refusal(answer gateway.Answer) []byte {
	return write(map[string]any{"errId": answer.Number, "error": answer.Message, "errMsg": answer.Message, "eof": 1})
}

func write(value map[string]any) []byte {
	return gateway.AppendJSON(nil, value)
}
