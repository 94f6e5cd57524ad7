package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// chatCall makes a call of a chat and returns the body of its answer.
func (w *world) chatCall(t *testing.T, header http.Header, id, body string) string {
	t.Helper()
	op := operation(t, w, "ccmessaging", id)
	got := w.do(t, gatewaytest.Request{Method: op.Methods[0], Path: op.Path, Host: host, Header: header, Body: body})
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", id, got.status, got.body)
	}
	return got.body
}

// TestChatInASnapshot: session, plans of the counterpart, history and files go on in another server.
func TestChatInASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *sandbox.Definition) {
		d.Fixtures.Chat = []sandbox.ChatLine{{On: "CHAT", Say: "later", After: "1m"}}
	})
	header := w.chat(t, "hello")
	var uploaded struct{ ObjectKey string }
	answer := w.chatCall(t, header, "uploadFileStream", `{"fileType":"txt","channel":"WEB","fileStream":"aGVsbG8="}`)
	if err := json.Unmarshal([]byte(answer), &uploaded); err != nil {
		t.Fatal(err)
	}
	saved, err := w.Snapshot(t.Context(), w.box, steer.SnapshotOptions{Secrets: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RemoveSandbox(t.Context(), w.box.ID); err != nil {
		t.Fatal(err)
	}
	other := newWorld(t, func(d *sandbox.Definition) {
		d.ID, d.Credentials = "other", gatewaytest.Credentials{
			ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "ak2", AccessKeySecret: "acs-secret"}},
			Top:    []gatewaytest.App{{AppKey: "2", AppSecret: "top-secret"}},
			Fabric: []gatewaytest.App{{AppKey: "other-app", AppSecret: "fabric-secret"}},
		}.Listed()
	})
	box, err := other.LoadSnapshot(t.Context(), saved)
	if err != nil {
		t.Fatal(err)
	}
	other.enter(box)
	if _, err := other.ChangeClock(t.Context(), box, sandbox.ClockChange{Advance: time.Minute}); err != nil {
		t.Fatal(err)
	}
	poll := operation(t, other, "ccmessaging", "poll")
	r := gatewaytest.Request{Method: http.MethodGet, Path: poll.Path, Host: host, Header: header}
	r.Query = map[string][]string{"receiverId": {"user-1"}, "channel": {"WEB"}}
	if got := other.do(t, r); !strings.Contains(got.body, `"content":"later"`) {
		t.Errorf("poll gives %s", got.body)
	}
	history := other.chatCall(t, header, "queryHistoryChatMessage",
		`{"channelId":"202209135274312106","userId":"user-1","limit":"9","offset":"0"}`)
	if !strings.Contains(history, `"content":"hello"`) {
		t.Errorf("the history is %s", history)
	}
	file := other.chatCall(t, header, "downloadFileStream",
		fmt.Sprintf(`{"fileType":"txt","channel":"WEB","fileId":%q}`, uploaded.ObjectKey))
	if !strings.Contains(file, `"fileStream":"aGVsbG8="`) {
		t.Errorf("the file is %s", file)
	}
}
