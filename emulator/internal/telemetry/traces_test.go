package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// traced observes calls and returns the spans that the collector got of them, the last of each call first.
func traced(t *testing.T, calls ...dataplane.Observation) []span {
	t.Helper()
	c := collect(t)
	seen, err := telemetry.New(t.Context(), telemetry.Options{Catalogue: catalogue(t), Export: c.export(), Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range calls {
		seen.Observe(t.Context(), o)
	}
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := c.spans(t)
	slices.Reverse(all)
	return all
}

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID  = "00f067aa0ba902b7"
)

func TestServerSpan(t *testing.T) {
	t.Parallel()
	all := traced(t, call(t, func(o *dataplane.Observation) {
		o.Request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
		o.Scenario, o.Outcome, o.Status = "slow", "ApplyTokenOverFlow", 400
		o.Request.Path = "/canary"
	}))
	if len(all) != 1 {
		t.Fatalf("%d spans", len(all))
	}
	got := all[0]
	want := map[string]string{
		"http.request.method": "POST", "http.response.status_code": "400", "http.route": "/", "url.path": "/",
		"url.scheme": "http", "http.request.body.size": "4", "http.response.body.size": "70",
		"tokenstage.sandbox": "default", "tokenstage.gateway": "acs", "tokenstage.api": "onsmqtt",
		"tokenstage.operation": "onsmqtt.ApplyToken", "tokenstage.outcome": "ApplyTokenOverFlow",
		"tokenstage.request_id": "ID-1", "tokenstage.scenario": "slow",
	}
	if diff := cmp.Diff(want, values(got.Attributes)); diff != "" {
		t.Error(diff)
	}
	const server, sampledRemoteParent = 2, 0x301
	if got.Name != "POST onsmqtt.ApplyToken" || got.Kind != server || got.Flags != sampledRemoteParent ||
		got.TraceID != traceID || got.ParentSpanID != spanID || len(got.SpanID) != 16 || got.Status.Code != 0 {
		t.Errorf("%+v", got)
	}
	if got.StartTimeUnixNano != "1772352000000000000" || got.EndTimeUnixNano != "1772352000001500000" {
		t.Errorf("from %s to %s", got.StartTimeUnixNano, got.EndTimeUnixNano)
	}
	if got.resource["service.name"] != "tokenstage" || got.resource["telemetry.sdk.language"] != "go" {
		t.Errorf("resource %v", got.resource)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) time.Time { return start.Add(d * time.Microsecond) }
	all := traced(t, call(t, func(o *dataplane.Observation) {
		o.Steps = []dataplane.Step{{Name: "authenticate", Began: at(100)}, {Name: "deliver", Began: at(400)}}
	}))
	var got []string
	for _, s := range all[1:] {
		from, to := strings.TrimPrefix(s.StartTimeUnixNano, "1772352000"), strings.TrimPrefix(s.EndTimeUnixNano, "1772352000")
		got = append(got, s.Name+" "+from+" "+to)
		if s.ParentSpanID != all[0].SpanID || s.TraceID != all[0].TraceID || s.Kind != 1 || s.Flags&0x200 != 0 {
			t.Errorf("%+v in %+v", s, all[0])
		}
	}
	want := []string{"deliver 000400000 001500000", "authenticate 000100000 000400000"}
	if diff := cmp.Diff(want, got); diff != "" || all[0].ParentSpanID != "" {
		t.Error(diff, all[0].ParentSpanID)
	}
}

func TestSpanOfOtherCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change             func(*dataplane.Observation)
		name, kind, status string
		failed             bool
	}{
		"an internal error": {
			func(o *dataplane.Observation) { o.Outcome, o.Status = "InternalError", 500 },
			"POST onsmqtt.ApplyToken", "InternalError", "500", true,
		},
		"a scripted status": {
			func(o *dataplane.Observation) { o.Outcome, o.Status = "respond", 503 },
			"POST onsmqtt.ApplyToken", "other", "503", true,
		},
		"a connection that was reset": {
			func(o *dataplane.Observation) { o.Network = "reset" }, "POST onsmqtt.ApplyToken", "reset", "", true,
		},
		"half a reply": {
			func(o *dataplane.Observation) { o.Network = "truncate" }, "POST onsmqtt.ApplyToken", "truncate", "200", true,
		},
		"a slow reply": {
			func(o *dataplane.Observation) { o.Network = "drip" }, "POST onsmqtt.ApplyToken", "", "200", false,
		},
		"an unknown operation": {
			func(o *dataplane.Observation) { o.Operation, o.Status = nil, 404 }, "POST", "", "404", false,
		},
		"an odd method": {
			func(o *dataplane.Observation) { o.Request.Method, o.Operation, o.Gateway = "canary", nil, "" }, "HTTP", "", "200", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := traced(t, call(t, c.change))[0]
			has := values(got.Attributes)
			if got.Name != c.name || has["error.type"] != c.kind || has["http.response.status_code"] != c.status {
				t.Errorf("%+v", got)
			}
			if failed := got.Status.Code == 2; failed != c.failed {
				t.Errorf("status code %d", got.Status.Code)
			}
		})
	}
}

// TestSampling leaves out what the client does not sample: the SDK's default is parentbased_always_on.
func TestSampling(t *testing.T) {
	t.Parallel()
	all := traced(t,
		call(t, func(o *dataplane.Observation) {
			o.Request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-00")
			o.Steps = []dataplane.Step{{Name: "deliver", Began: start}}
		}),
		call(t, func(o *dataplane.Observation) { o.Request.Header.Set("Traceparent", "00-broken-"+spanID+"-01") }),
	)
	if len(all) != 1 || all[0].TraceID == traceID || all[0].ParentSpanID != "" {
		t.Errorf("%+v", all)
	}
}

func TestExportRequest(t *testing.T) {
	t.Parallel()
	c := collect(t)
	seen := open(t, telemetry.Options{Export: c.export()})
	seen.Observe(t.Context(), call(t))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	req := c.requests[0]
	if req.Method != http.MethodPost || req.URL.Path != "/v1/traces" || req.Header.Get("Api-Key") != "k" ||
		req.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", req.Method, req.URL, req.Header)
	}
}

// TestConnectionsEnd with the Shutdown.
func TestConnectionsEnd(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	seen := open(t, telemetry.Options{Export: &telemetry.Export{URL: server.URL, Timeout: time.Minute}})
	seen.Observe(t.Context(), call(t))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-closed // or the test never ends
}

// TestCollectorThatFails is reported once, and so is that it works again; the emulator goes on.
func TestCollectorThatFails(t *testing.T) {
	t.Parallel()
	c := collect(t)
	var log text
	seen := open(t, telemetry.Options{Export: c.export(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, status := range []int{503, 503, 200, 200} {
		c.answer(status)
		seen.Observe(t.Context(), call(t))
		if err := telemetry.Flush(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
	}
	got := log.String()
	if strings.Count(got, "\n") != 2 || !strings.Contains(got, "status 503") || !strings.Contains(got, "taken again") {
		t.Errorf("log: %s", got)
	}
}

// TestCollectorThatIsNotThere does not hold up the end.
func TestCollectorThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.Close()
	var log text
	seen := open(t, telemetry.Options{Export: c.export(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	seen.Observe(t.Context(), call(t))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "traces are not taken and are dropped") || strings.Contains(log.String(), "Api-Key") {
		t.Errorf("log: %s", log.String())
	}
}

// TestWithoutAnEndpoint costs neither memory nor a goroutine: TestMain looks for those.
func TestWithoutAnEndpoint(t *testing.T) {
	t.Parallel()
	seen, err := telemetry.New(context.Background(), telemetry.Options{Catalogue: catalogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Tracing() {
		t.Error("traces without an endpoint")
	}
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestBodiesAreOTLP looks at the raw text: ids in hex, 64-bit integers as strings, enums as numbers.
func TestBodiesAreOTLP(t *testing.T) {
	t.Parallel()
	c := collect(t)
	seen := open(t, telemetry.Options{Export: c.export()})
	seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) {
		o.Request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
	}))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"resourceSpans":[{"resource":{"attributes":[`, `"scopeSpans":[{"scope":{"name":"github.com/tokenstage/tokenstage"},"spans":[{`,
		`"traceId":"` + traceID + `"`, `"parentSpanId":"` + spanID + `"`, `"kind":2`,
		`"startTimeUnixNano":"1772352000000000000"`, `{"key":"http.response.status_code","value":{"intValue":"200"}}`,
	} {
		if !bytes.Contains([]byte(c.text()), []byte(want)) {
			t.Errorf("no %s in %s", want, c.text())
		}
	}
}
