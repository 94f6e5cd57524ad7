package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TestMain finds goroutines that nobody ended: there must be none without traces, and none after their Shutdown.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var discard = slog.New(slog.DiscardHandler)

// start is when the calls of these tests come.
var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func catalogue(t testing.TB) *contract.Catalogue {
	t.Helper()
	c, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func operation(t testing.TB, name string) *contract.Operation {
	t.Helper()
	for _, api := range catalogue(t).APIs {
		for _, op := range api.Operations {
			if op.Name == name {
				return op
			}
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// call is a good call of ApplyToken.
func call(t testing.TB, change ...func(*dataplane.Observation)) dataplane.Observation {
	t.Helper()
	o := dataplane.Observation{
		Arrived: start, Done: start.Add(1500 * time.Microsecond),
		Request: &wire.Request{
			Method: http.MethodPost, Scheme: "http", Path: "/", Body: []byte("four"), Header: http.Header{},
		},
		RequestID: "ID-1", Sandbox: "default", Gateway: "acs", Operation: operation(t, "onsmqtt.ApplyToken"),
		Outcome: "ok", Status: 200, ResponseBytes: 70,
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func open(t testing.TB, o telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	o.Catalogue, o.Started = catalogue(t), start
	if o.Log == nil {
		o.Log = discard
	}
	seen, err := telemetry.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := seen.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return seen
}

// text is an output that calls write to at once.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// collector is an OTLP receiver.
type collector struct {
	*httptest.Server

	mu       sync.Mutex
	status   int
	requests []*http.Request
	bodies   []string
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.requests, c.bodies = append(c.requests, r), append(c.bodies, string(body))
		w.WriteHeader(c.status)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.bodies, "\n")
}

func (c *collector) export() *telemetry.Export {
	return &telemetry.Export{URL: c.URL + "/v1/traces", Timeout: time.Minute, Header: http.Header{"Api-Key": {"k"}}}
}

// span is a span as the collector got it.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Flags, Kind                         int
	StartTimeUnixNano, EndTimeUnixNano  string
	Attributes                          []attribute
	Status                              struct{ Code int }
	resource                            map[string]string
}

type attribute struct {
	Key   string
	Value struct{ StringValue, IntValue string }
}

func values(all []attribute) map[string]string {
	m := map[string]string{}
	for _, a := range all {
		m[a.Key] = a.Value.StringValue + a.Value.IntValue
	}
	return m
}

// spans are all that came.
func (c *collector) spans(t *testing.T) []span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []span
	for _, body := range c.bodies {
		var sent struct {
			ResourceSpans []struct {
				Resource   struct{ Attributes []attribute }
				ScopeSpans []struct{ Spans []span }
			}
		}
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		for _, r := range sent.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, one := range s.Spans {
					one.resource = values(r.Resource.Attributes)
					all = append(all, one)
				}
			}
		}
	}
	return all
}

// secrets are those of the default sandbox of these tests; none may get out.
var secrets = []string{"canary-acs/secret+1", "canary-fabric-secret5", "canary-bearer-token3"}

// plane is the data plane of an emulator that the telemetry observes, with a sandbox that holds the secrets.
func plane(t *testing.T, seen *telemetry.Telemetry) (*emulator.Emulator, http.Handler) {
	t.Helper()
	em, err := emulator.New(t.Context(), emulator.Options{
		Log: discard, Observe: seen.Observe, Steps: seen.Tracing(), RealNow: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = em.World().Sandboxes().Create(t.Context(), sandbox.Definition{ID: "canaries", Now: &start, Credentials: sandbox.Credentials{
		ACS: []sandbox.ACSCredential{
			{AccessKeyID: "canary-id", AccessKeySecret: secrets[0]}, {BearerToken: secrets[2]},
		},
		Fabric: []sandbox.App{{AppKey: "canary-app", AppSecret: secrets[1]}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return em, em.Handler()
}

func discardText() slog.Handler { return slog.NewTextHandler(io.Discard, nil) }
