package top_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Requests as unmodified SDKs put them on the wire, replayed with the clock at their own timestamps.
func TestCapturedRequests(t *testing.T) {
	t.Parallel()
	tests := []struct{ file, outcome, explained string }{
		{"java.default.ok", "ok", ""},
		{"java.xml.ok", "ok", ""},
		{"python.jsonstr", "ok", ""},
		{"python.dict", "isv.invalid-parameter", "json.dumps"},
		{"taobao-sdk.execute.ok", "ok", ""},
		{"topsdk.GET.ok.param-string", "ok", ""},
		{"topsdk.POST.ok.param-string", "ok", ""},
		{"topsdk.POST.ok.param-object", "25", "[object Object]"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			req := captured(t, tt.file)
			w := newWorld(t, appSecret, timestampOf(t, req))
			got := w.send(t, req, wire.Result{})
			if got.reply.Outcome != tt.outcome {
				t.Fatalf("got outcome %s, want %s: %v", got.reply.Outcome, tt.outcome, got.fault)
			}
			if tt.explained != "" {
				var all strings.Builder
				for _, f := range got.fault.Findings {
					all.WriteString(f.Message)
				}
				if !strings.Contains(all.String(), tt.explained) {
					t.Errorf("got findings %v", got.fault.Findings)
				}
			}
			if again := w.send(t, req, wire.Result{}); again.reply.Outcome != tt.outcome {
				t.Errorf("sent again: got outcome %s", again.reply.Outcome)
			}
			flipped := w.send(t, flip(t, req), wire.Result{})
			if flipped.reply.Outcome != "25" {
				t.Errorf("with one byte of param changed: got outcome %s", flipped.reply.Outcome)
			}
		})
	}
}

func captured(t *testing.T, file string) *wire.Request {
	t.Helper()
	raw, err := os.ReadFile(vectors + file + ".http")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the folder of captured requests is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, Body: body,
	}
}

// timestampOf reads the timestamp as the vendor describes it, or as the Python SDK's milliseconds.
func timestampOf(t *testing.T, req *wire.Request) time.Time {
	t.Helper()
	exchange, err := newWorld(t, appSecret, noon).gateway.Read(req)
	if err != nil {
		t.Fatal(err)
	}
	text := exchange.Call().Text["timestamp"]
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(millis)
	}
	sent, err := time.ParseInLocation(time.DateTime, text, china)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// flip changes one letter inside the value of param.
func flip(t *testing.T, req *wire.Request) *wire.Request {
	t.Helper()
	changed := *req
	changed.Body = bytes.Replace(req.Body, []byte("product_code"), []byte("product_Code"), 1)
	if bytes.Equal(changed.Body, req.Body) {
		t.Fatal("nothing to change")
	}
	return &changed
}
