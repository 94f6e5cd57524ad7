package clients_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// curl makes a call of a chat as people make it by hand, with a body from a file.
func (b *backend) curl(t *testing.T, name string, body any) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(path, mustJSON(t, body), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), tool(t, "curl"), "-sS", "--fail-with-body",
		"http://"+os.Getenv(dataEnv)+"/apiaccess/ccmessaging/"+name,
		"-H", "Content-Type: application/json; charset=UTF-8", "-H", "x-app-key: "+b.app.Key,
		"-H", "Authorization: Bearer "+b.accessToken, "-H", "ccmessaging-token: "+b.chatToken, "--data-binary", "@"+path)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	var reply map[string]any
	if err := json.Unmarshal(out, &reply); err != nil {
		t.Fatalf("%s: %q is not JSON", name, out)
	}
	return reply
}

// TestFabricByCurl sends a file and finds it again, in the chat and in its history.
func TestFabricByCurl(t *testing.T) {
	t.Parallel()
	_, backend := newBackend(t)
	backend.signIn(t)
	backend.send(t, "CONNECT", "")
	content := strings.Repeat("a line\r\n", 10_000)
	uploaded := backend.curl(t, "uploadFileStream", map[string]string{
		"fileType": "txt", "channel": "WEB", "fileStream": base64.StdEncoding.EncodeToString([]byte(content)),
	})
	key, _ := uploaded["objectKey"].(string)
	name := "lines.txt,80000," + key + ",txt"
	sent := backend.curl(t, "sendAsync", map[string]string{
		"channel": "WEB", "content": name, "controlType": "CHAT", "from": customer, "to": channel, "mediaType": "FILE",
		"sourceType": "CUSTOMER",
	})
	if sent["resultCode"] != "0" {
		t.Errorf("sendAsync: %v", sent)
	}
	downloaded := backend.curl(t, "downloadFileStream", map[string]string{
		"fileType": "txt", "channel": "WEB", "fileId": "local/" + key,
	})
	stream, _ := downloaded["fileStream"].(string)
	if back, err := base64.StdEncoding.DecodeString(stream); err != nil || string(back) != content {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
	history := backend.curl(t, "queryHistoryChatMessage", map[string]string{
		"channelId": channel, "userId": customer, "limit": "10", "offset": "0",
	})
	list, _ := history["messageList"].([]any)
	if len(list) != 2 {
		t.Fatalf("the history has %v", history)
	}
	if said, _ := list[1].(map[string]any); said["sourceType"] != "USER" || said["content"] != name {
		t.Errorf("the history has %v", said)
	}
}
