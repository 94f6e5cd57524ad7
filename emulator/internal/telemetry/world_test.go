package telemetry_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TestMain finds goroutines that were not ended: there must be none without traces, and none after Shutdown. It removes
// settings of OpenTelemetry from the environment, since they are not meant for these tests.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "OTEL_") {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

var discard = slog.New(slog.DiscardHandler)

// start is when the calls of these tests arrive.
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

// call returns a successful call of ApplyToken, with changes applied.
func call(t testing.TB, change ...func(*dataplane.Observation)) dataplane.Observation {
	t.Helper()
	o := dataplane.Observation{
		Arrived: start, Done: start.Add(1500 * time.Microsecond),
		Request: &wire.Request{
			Method: http.MethodPost, Scheme: "http", Path: "/", Body: []byte("four"), Header: http.Header{},
		},
		RequestID: "ID-1", Sandbox: "default", Gateway: "acs", Operation: operation(t, "onsmqtt.ApplyToken"),
		Outcome: "ok", Status: 200, Delivery: journal.Delivery{State: journal.Whole, Bytes: 70},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

// deliver is a change of how a call was delivered.
func deliver(state journal.State, network string, bytes int) func(*dataplane.Observation) {
	return func(o *dataplane.Observation) {
		o.Delivery = journal.Delivery{State: state, Network: network, Bytes: bytes}
	}
}

func newTelemetry(t testing.TB, o telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	o.Catalogue = catalogue(t)
	if o.Log == nil {
		o.Log = discard
	}
	seen := telemetry.New(t.Context(), o)
	t.Cleanup(func() {
		if err := seen.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return seen
}

// lockedBuffer is a buffer for logs to which several goroutines can write at once.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// collector is an OTLP receiver.
type collector struct {
	*httptest.Server

	mu       sync.Mutex
	status   int
	requests []*http.Request
	bodies   []string
}

// startCollector starts a collector and names it in the environment, which OpenTelemetry's libraries read themselves: a
// test that traces cannot be parallel.
func startCollector(t *testing.T) *collector {
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
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Api-Key=k")
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

// span is a span as the collector received it.
type span struct {
	*tracepb.Span

	scope    string
	resource map[string]string
}

func (s span) traceID() string  { return hex.EncodeToString(s.GetTraceId()) }
func (s span) spanID() string   { return hex.EncodeToString(s.GetSpanId()) }
func (s span) parentID() string { return hex.EncodeToString(s.GetParentSpanId()) }

// values returns attributes as text, by name.
func values(all []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range all {
		switch v := a.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_IntValue:
			m[a.GetKey()] = strconv.FormatInt(v.IntValue, 10)
		default:
			m[a.GetKey()] = a.GetValue().GetStringValue()
		}
	}
	return m
}

// spans returns all spans that the collector received.
func (c *collector) spans(t *testing.T) []span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []span
	for _, body := range c.bodies {
		var sent collectorpb.ExportTraceServiceRequest
		if err := proto.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("%v in %q", err, body)
		}
		for _, r := range sent.GetResourceSpans() {
			for _, s := range r.GetScopeSpans() {
				for _, one := range s.GetSpans() {
					all = append(all, span{one, s.GetScope().GetName(), values(r.GetResource().GetAttributes())})
				}
			}
		}
	}
	return all
}

// secrets belong to the sandbox that plane creates. None of them may appear in the log, the metrics or the spans.
var secrets = []string{"canary-acs/secret+1", "canary-fabric-secret5", "canary-bearer-token3"}

// plane returns the data plane of an emulator that the telemetry observes, with a sandbox that holds the secrets.
func plane(t *testing.T, seen *telemetry.Telemetry) (*emulator.Emulator, http.Handler) {
	t.Helper()
	em, err := emulator.New(t.Context(), emulator.Options{
		Log: discard, Observe: seen.Observe, Steps: seen.Tracing(), RealNow: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = em.World().Sandboxes().Create(t.Context(), sandbox.Definition{ID: "canaries", Now: &start, Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{
			{AccessKeyID: "canary-id", AccessKeySecret: secrets[0]}, {BearerToken: secrets[2]},
		},
		Fabric: []gatewaytest.App{{AppKey: "canary-app", AppSecret: secrets[1]}},
	}.Listed()})
	if err != nil {
		t.Fatal(err)
	}
	return em, em.Handler()
}

func discardText() slog.Handler { return slog.NewTextHandler(io.Discard, nil) }
