package ccmessaging_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

func uploading(token, fileType string, data []byte) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body: fmt.Sprintf(`{"fileType":%q,"channel":"WEB","fileStream":%q}`, fileType,
			base64.StdEncoding.EncodeToString(data)),
	}
}

func downloading(token, fileType, id string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body:   fmt.Sprintf(`{"fileType":%q,"channel":"WEB","fileId":%q}`, fileType, id),
	}
}

// upload returns the key of an uploaded file.
func (w *world) upload(token, fileType string, data []byte) string {
	w.tb.Helper()
	body := w.must("uploadFileStream", uploading(token, fileType, data))
	if body["returnCode"] != "0" || body["resultCode"] != "0" {
		w.tb.Fatalf("the upload is answered with %v", body)
	}
	return body["objectKey"].(string)
}

func (w *world) download(token, fileType, id string) []byte {
	w.tb.Helper()
	stream := w.must("downloadFileStream", downloading(token, fileType, id))["fileStream"].(string)
	data, err := base64.StdEncoding.DecodeString(stream)
	if err != nil {
		w.tb.Fatal(err)
	}
	return data
}

// TestFilesComeBack: what is uploaded, sent and polled is downloaded as it was.
func TestFilesComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	picture := bytes.Repeat([]byte{0, 0xff, '\n', 7}, 1000)
	key := w.upload(token, "PNG", picture)
	for content, media := range map[string]string{key: "IMAGE", "a,b.png,4000," + key + ",png": "FILE", key + ",png": "FILE_IMAGE"} {
		message := sending(token, "CHAT", content)
		message.body = strings.Replace(message.body, `"TEXT"`, `"`+media+`"`, 1)
		w.must("send", message)
		got := contract.Plain(w.must("poll", polling(token))["downlinkMessages"]).([]any)[0].(map[string]any)
		if got["content"] != content || got["contentType"] != "1" || got["mediaFileType"] != "png" {
			t.Errorf("%s: poll gives %v", media, got)
		}
	}
	for _, id := range []string{key, "local/" + key} {
		if got := w.download(token, "png", id); !bytes.Equal(got, picture) {
			t.Errorf("%s: %d bytes came back", id, len(got))
		}
	}
	result, err := w.call("downloadFileStream", downloading(token, "txt", key))
	if err != nil || len(result.Findings) != 1 {
		t.Errorf("another type than that of the upload: %+v, %v; want advice", result, err)
	}
}

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	notBase64 := uploading(token, "txt", nil)
	notBase64.body = `{"fileType":"txt","channel":"WEB","fileStream":"aGVsbG8"}`
	for name, c := range map[string]struct {
		operation string
		args      arguments
		code      string
		finding   string
	}{
		"unknown type":       {"uploadFileStream", uploading(token, "exe", []byte("x")), "resultCode.3", `"exe" are not taken`},
		"no base64":          {"uploadFileStream", notBase64, "resultCode.3", "not base64"},
		"too large":          {"uploadFileStream", uploading(token, "txt", make([]byte, 2<<20+1)), "resultCode.13", "at most 2097152"},
		"no file":            {"downloadFileStream", downloading(token, "txt", ""), "resultCode.401", "names no file"},
		"the word alone":     {"downloadFileStream", downloading(token, "txt", "local/"), "resultCode.401", "names no file"},
		"unknown file":       {"downloadFileStream", downloading(token, "txt", "local/x"), "resultCode.13", `no file "x"`},
		"type that is none":  {"downloadFileStream", downloading(token, "exe", "x"), "resultCode.13", "types are: jpg"},
		"key of another key": {"downloadFileStream", downloading(token, "txt", "../files"), "resultCode.13", "no file"},
	} {
		_, err := w.call(c.operation, c.args)
		if fault, finding := refusal(t, err); fault.Code != c.code || !strings.Contains(finding, c.finding) {
			t.Errorf("%s: got %v: %s", name, fault, finding)
		}
	}
}

// TestFilesAreBounded: a sandbox keeps so many bytes; what was refused takes no room, and a reset makes room.
func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	const most = 2 << 20
	for range 7 {
		w.upload(token, "txt", make([]byte, most))
	}
	for range 2 {
		_, err := w.call("uploadFileStream", uploading(token, "txt", make([]byte, most)))
		if fault, finding := refusal(t, err); fault.Code != "resultCode.13" || !strings.Contains(finding, "at most 16777216") {
			t.Fatalf("got %v: %s", fault, finding)
		}
	}
	w.upload(token, "txt", make([]byte, most-1000)) // fits still
	if err := w.box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	token = w.apply(user, channel)
	w.upload(token, "txt", make([]byte, most))
}

func TestRenewalWithFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.apply(user, channel)
	connect(w, old)
	w.advance(life)
	if w.renewed("uploadFileStream", uploading(old, "txt", []byte("x"))) == "" {
		t.Error("an upload in an open session brings no replacement of the lapsed token")
	}
	key := w.upload(old, "txt", []byte("x"))
	if w.renewed("downloadFileStream", downloading(old, "txt", key)) == "" {
		t.Error("a download in an open session brings no replacement of the lapsed token")
	}
}
