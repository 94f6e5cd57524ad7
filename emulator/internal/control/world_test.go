package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/clocktest"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

var discard = slog.New(slog.DiscardHandler)

// world is an emulator with both planes on loopback listeners.
type world struct {
	*emulator.Emulator
	*steer.World
	data    string // host:port
	control string // host:port
	client  *http.Client
	real    *clocktest.Clock
	nonce   atomic.Int64
}

// start is the real time at the beginning of every test.
var start = clocktest.Start

// open starts a world. Its options may be changed before.
func open(t *testing.T, change ...func(*emulator.Options, *control.Options)) *world {
	t.Helper()
	w := &world{real: clocktest.New()}
	inside := emulator.Options{
		RealNow: w.real.Now, Chance: rand.NewPCG(1, 2), Log: discard, Violation: func(err error) { t.Error(err) },
	}
	outside := control.Options{Loopback: true, Log: discard}
	for _, c := range change {
		c(&inside, &outside)
	}
	var err error
	if w.Emulator, err = emulator.New(t.Context(), inside); err != nil {
		t.Fatal(err)
	}
	w.data = serve(t, w.Handler())
	w.World = w.Emulator.World()
	outside.World, outside.Data = w.World, w.data
	w.control = serve(t, control.New(outside))
	w.client = &http.Client{Transport: newChecked(t, http.DefaultTransport)}
	return w
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: handler, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(t.Context()) }) // cuts off what is idle, as the test's context has ended
	return server.Addr()
}

// boxes counts the sandboxes.
func (w *world) boxes(t *testing.T) int {
	t.Helper()
	all, err := w.Sandboxes().List(t.Context())
	if err != nil {
		t.Error(err)
	}
	return len(all)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// send is the only way to the control plane.
func (w *world) send(t *testing.T, req *http.Request) answer {
	t.Helper()
	return exchange(t, w.client, req)
}

func exchange(t *testing.T, client *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

func (w *world) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+w.control+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", jsonContent)
	}
	return req
}

// call expects a status; body is JSON text or empty.
func (w *world) call(t *testing.T, method, path, body string, status int) answer {
	t.Helper()
	got := w.send(t, w.request(t, method, path, body))
	if got.status != status {
		t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, got.status, status, got.body)
	}
	return got
}

func (w *world) get(t *testing.T, path string, into any) {
	t.Helper()
	decode(t, w.call(t, http.MethodGet, path, "", http.StatusOK), into)
}

// refused expects a problem and returns it.
func (w *world) refused(t *testing.T, method, path, body string, status int) controlapi.Problem {
	t.Helper()
	var p controlapi.Problem
	decode(t, w.call(t, method, path, body, status), &p)
	if p.Status != status || p.Title != http.StatusText(status) {
		t.Fatalf("problem %+v does not fit status %d", p, status)
	}
	return p
}

func decode(t *testing.T, a answer, into any) {
	t.Helper()
	if err := unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// unmarshal is strict about members.
func unmarshal(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// box is a sandbox as the control API shows it.
type box struct {
	ID          string          `json:"id"`
	Seed        json.Number     `json:"seed"`
	Now         time.Time       `json:"now"`
	Frozen      bool            `json:"frozen"`
	Signing     string          `json:"signatureTime"`
	Credentials credentials     `json:"credentials"`
	Fixtures    json.RawMessage `json:"fixtures"`
	Quotas      map[string]string
	Scenarios   []string
	Endpoints   map[string]string
}

type credentials struct {
	ACS    []acsKey `json:"acs"`
	Top    []app    `json:"top"`
	Fabric []app    `json:"fabric"`
}

type acsKey struct {
	ID       string `json:"accessKeyId,omitempty"`
	Secret   string `json:"accessKeySecret,omitempty"`
	Token    string `json:"securityToken,omitempty"`
	Bearer   string `json:"bearerToken,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
}

type app struct {
	Key    string `json:"appKey"`
	Secret string `json:"appSecret"`
}

func (w *world) create(t *testing.T, body string) box {
	t.Helper()
	var b box
	decode(t, w.call(t, http.MethodPost, "/v1/sandboxes", body, http.StatusCreated), &b)
	return b
}

func (b box) path(rest string) string { return "/v1/sandboxes/" + b.ID + rest }
