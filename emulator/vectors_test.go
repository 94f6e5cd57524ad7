package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// vectorFolders hold requests as real SDKs sent them: the repository's own, and others beside it where there are any.
var vectorFolders = []string{filepath.Join("testdata", "vectors"), "../../shared/vectors"}

// vector is one captured request.
type vector struct {
	name string
	raw  []byte
	req  *http.Request // parsed, to find out when it was sent
}

func vectors(t *testing.T, gateway string) []vector {
	t.Helper()
	var files []string
	for _, folder := range vectorFolders {
		found, err := filepath.Glob(filepath.Join(folder, gateway, "*.http"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	var all []vector
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, vector{filepath.Base(file), raw, parseRequest(t, raw)})
	}
	return all
}

func parseRequest(t *testing.T, raw []byte) *http.Request {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// sentAt is the instant that the request itself names.
func (v vector) sentAt(t *testing.T) time.Time {
	t.Helper()
	if at, err := time.Parse("2006-01-02T15:04:05Z", v.req.Header.Get("x-acs-date")); err == nil {
		return at
	}
	if at, err := http.ParseTime(v.req.Header.Get("Date")); err == nil {
		return at
	}
	for _, form := range []string{v.req.URL.RawQuery, string(body(t, v.raw))} {
		values, _ := url.ParseQuery(form)
		for _, name := range []string{"Timestamp", "timestamp"} {
			if at, ok := parseStamp(values.Get(name)); ok {
				return at
			}
		}
	}
	_, rest, found := strings.Cut(string(v.raw), "name=\"timestamp\"\r\n\r\n")
	if at, ok := parseStamp(strings.SplitN(rest, "\r\n", 2)[0]); found && ok {
		return at
	}
	if v.req.Header.Get("x-acs-bearer-token") != "" {
		return time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	}
	t.Fatalf("%s names no time", v.name)
	return time.Time{}
}

func parseStamp(text string) (time.Time, bool) {
	if at, err := time.Parse("2006-01-02T15:04:05Z", text); err == nil {
		return at, true
	}
	if at, err := time.ParseInLocation(time.DateTime, text, time.FixedZone("GMT+8", 8*60*60)); err == nil {
		return at.UTC(), true
	}
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(millis).UTC(), true
	}
	return time.Time{}, false
}

func body(t *testing.T, raw []byte) []byte {
	t.Helper()
	b, err := io.ReadAll(parseRequest(t, raw).Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	code   string
}

// send puts raw bytes on a connection and reads the answer.
func send(t *testing.T, addr string, raw []byte) answer {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text), codeOf(string(text))}
}

// codeOf is the provider's error code of a JSON or XML body, empty for a success.
func codeOf(text string) string {
	var acs struct {
		Code  string `json:"Code"`
		Error struct {
			Code    int    `json:"code"`
			SubCode string `json:"sub_code"`
		} `json:"error_response"`
	}
	if err := json.Unmarshal([]byte(text), &acs); err == nil {
		switch {
		case acs.Error.SubCode != "":
			return acs.Error.SubCode
		case acs.Error.Code != 0:
			return strconv.Itoa(acs.Error.Code)
		}
		return acs.Code
	}
	for _, tag := range []string{"<sub_code>", "<code>", "<Code>"} {
		if _, rest, ok := strings.Cut(text, tag); ok {
			code, _, _ := strings.Cut(rest, "<")
			return code
		}
	}
	return ""
}

func vectorSandbox(t *testing.T, v vector) sandbox.Definition {
	t.Helper()
	at := v.sentAt(t)
	key := gatewaytest.ACSCredential{AccessKeyID: "testak", AccessKeySecret: "testsecret"}
	if strings.Contains(v.name, "-sts") {
		key.SecurityToken = "sts/tok+en=="
	}
	if strings.Contains(v.name, "-bearer") {
		key.BearerToken = "bearer-tok"
	}
	return sandbox.Definition{
		ID: "vectors", Seed: 7, Now: &at, Frozen: true,
		Credentials: gatewaytest.Credentials{
			ACS: []gatewaytest.ACSCredential{key},
			Top: []gatewaytest.App{{AppKey: "12345678", AppSecret: "testsecret"}},
		}.Listed(),
	}
}

// start serves an emulator that fails the test when one of its replies breaks a spec.
func start(t *testing.T) (*emulator.Emulator, string) {
	t.Helper()
	e, err := emulator.New(t.Context(), emulator.Options{Log: discard, Violation: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: e.Handler(), Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return e, server.Addr()
}

// mustFail are the captures that the real gateway would refuse too, with their codes.
var mustFail = map[string]string{
	"topsdk.POST.ok.param-object.http": "25", // the SDK signs "[object Object]"
	"python.dict.http":                 "isv.invalid-parameter",
}

func TestVectorsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, gateway := range []string{"acs", "top"} {
		for _, v := range vectors(t, gateway) {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				e, addr := start(t)
				if _, err := e.World().Sandboxes().Create(t.Context(), vectorSandbox(t, v)); err != nil {
					t.Fatal(err)
				}
				got := send(t, addr, v.raw)
				if want, fails := mustFail[v.name]; fails {
					if got.code != want {
						t.Fatalf("code %q, want %q: %s", got.code, want, got.body)
					}
					return
				}
				// Some business values are awkward on purpose; then the product refuses, never the gateway.
				switch got.code {
				case "", "ParameterCheckFailed", "InvalidPolicy":
				default:
					t.Fatalf("refused: %d %s", got.status, got.body)
				}
			})
		}
	}
}

// TestFlippedVectorsAreRefused changes one signed byte of each capture.
func TestFlippedVectorsAreRefused(t *testing.T) {
	t.Parallel()
	for gateway, want := range map[string]string{"acs": "SignatureDoesNotMatch", "top": "25"} {
		for _, v := range vectors(t, gateway) {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				e, addr := start(t)
				if _, err := e.World().Sandboxes().Create(t.Context(), vectorSandbox(t, v)); err != nil {
					t.Fatal(err)
				}
				got := send(t, addr, flip(t, v.raw))
				if got.code != want {
					t.Fatalf("code %q, want %q: %s", got.code, want, got.body)
				}
			})
		}
	}
}

// flip changes one signed byte of a value that every capture of its kind has.
func flip(t *testing.T, raw []byte) []byte {
	t.Helper()
	values := []string{"post-cn-test001", "alice", "a123", "poi"}
	switch lower := bytes.ToLower(raw); {
	case bytes.Contains(lower, []byte("authorization: acs ")):
		values = []string{"ccept: application/json"} // ROA v1 signs headers and query, never the body
	case bytes.Contains(lower, []byte("content-md5")):
		// In the query or a header, as a body with its MD5 is judged by that.
		values = []string{"RegionId=cn-hangzhou", "/x-www-form-urlencoded", ";charset=utf-8"}
	}
	for _, value := range values {
		if i := bytes.Index(raw, []byte(value)); i >= 0 {
			out := bytes.Clone(raw)
			out[i+len(value)-1] ^= 1
			return out
		}
	}
	t.Fatal("no value to flip")
	return nil
}
