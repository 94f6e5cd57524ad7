package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// traced observes calls and returns the spans that the collector received, the last one first.
func traced(t *testing.T, calls ...dataplane.Observation) []span {
	t.Helper()
	c := startCollector(t)
	seen := telemetry.New(t.Context(), telemetry.Options{Catalogue: catalogue(t), Traces: true, Log: discard})
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
	all := traced(t, call(t, func(o *dataplane.Observation) {
		o.Request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
		o.Request.Header.Set("Tracestate", "vendor=chosen-by-the-client")
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
		"tokenstage.request_id": "ID-1", "tokenstage.scenario": "slow", "tokenstage.delivery": "whole",
	}
	if diff := cmp.Diff(want, values(got.GetAttributes())); diff != "" {
		t.Error(diff)
	}
	const server, sampledRemoteParent = 2, 0x301
	if got.GetName() != "POST onsmqtt.ApplyToken" || got.GetKind() != server || got.GetFlags() != sampledRemoteParent ||
		got.traceID() != traceID || got.parentID() != spanID || len(got.spanID()) != 16 || got.GetStatus().GetCode() != 0 {
		t.Errorf("%+v", got)
	}
	if got.GetStartTimeUnixNano() != 1772352000000000000 || got.GetEndTimeUnixNano() != 1772352000001500000 {
		t.Errorf("from %d to %d", got.GetStartTimeUnixNano(), got.GetEndTimeUnixNano())
	}
	if got.scope != "github.com/tokenstage/tokenstage" || got.GetTraceState() != "" {
		t.Errorf("scope %q, trace state %q", got.scope, got.GetTraceState())
	}
	if got.resource["service.name"] != "tokenstage" || got.resource["telemetry.sdk.language"] != "go" {
		t.Errorf("resource %v", got.resource)
	}
}

func TestSteps(t *testing.T) {
	at := func(d time.Duration) time.Time { return start.Add(d * time.Microsecond) }
	all := traced(t, call(t, func(o *dataplane.Observation) {
		o.Steps = []dataplane.Step{{Name: "authenticate", Began: at(100)}, {Name: "deliver", Began: at(400)}}
	}))
	var got []string
	for _, s := range all[1:] {
		from, to := s.GetStartTimeUnixNano()-1772352000000000000, s.GetEndTimeUnixNano()-1772352000000000000
		got = append(got, fmt.Sprintf("%s %d %d", s.GetName(), from, to))
		if s.parentID() != all[0].spanID() || s.traceID() != all[0].traceID() || s.GetKind() != 1 || s.GetFlags()&0x200 != 0 {
			t.Errorf("%+v in %+v", s, all[0])
		}
	}
	want := []string{"deliver 400000 1500000", "authenticate 100000 400000"}
	if diff := cmp.Diff(want, got); diff != "" || all[0].parentID() != "" {
		t.Error(diff, all[0].parentID())
	}
}

func TestSpanOfOtherCalls(t *testing.T) {
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
			deliver(journal.Reset, "reset", 0), "POST onsmqtt.ApplyToken", "reset", "", true,
		},
		"half a reply": {
			deliver(journal.Truncated, "truncate", 35), "POST onsmqtt.ApplyToken", "truncate", "200", true,
		},
		"a slow reply": {
			deliver(journal.Dripped, "drip", 70), "POST onsmqtt.ApplyToken", "", "200", false,
		},
		"a client that left": {
			deliver(journal.Abandoned, "", 0), "POST onsmqtt.ApplyToken", "abandoned", "", true,
		},
		"a client that left a slow reply": {
			deliver(journal.Abandoned, "drip", 16), "POST onsmqtt.ApplyToken", "drip", "200", true,
		},
		"an unknown operation": {
			func(o *dataplane.Observation) { o.Operation, o.Status = nil, 404 }, "POST", "", "404", false,
		},
		"an odd method": {
			func(o *dataplane.Observation) { o.Request.Method, o.Operation, o.Gateway = "canary", nil, "" }, "HTTP", "", "200", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := traced(t, call(t, c.change))[0]
			has := values(got.GetAttributes())
			if got.GetName() != c.name || has["error.type"] != c.kind || has["http.response.status_code"] != c.status {
				t.Errorf("%+v", got)
			}
			if failed := got.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR; failed != c.failed {
				t.Errorf("status code %d", got.GetStatus().GetCode())
			}
		})
	}
}

// TestSampling checks that a call is not traced if the client says that it does not sample: the default of the SDK is
// parentbased_always_on.
func TestSampling(t *testing.T) {
	all := traced(t,
		call(t, func(o *dataplane.Observation) {
			o.Request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-00")
			o.Steps = []dataplane.Step{{Name: "deliver", Began: start}}
		}),
		call(t, func(o *dataplane.Observation) { o.Request.Header.Set("Traceparent", "00-broken-"+spanID+"-01") }),
	)
	if len(all) != 1 || all[0].traceID() == traceID || all[0].parentID() != "" {
		t.Errorf("%+v", all)
	}
}

func TestExportRequest(t *testing.T) {
	for protocol, kind := range map[string]string{
		"": "application/x-protobuf", "http/protobuf": "application/x-protobuf", "http/json": "application/json",
	} {
		t.Run(protocol, func(t *testing.T) {
			c := startCollector(t)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			seen := newTelemetry(t, telemetry.Options{Traces: true})
			seen.Observe(t.Context(), call(t))
			if err := seen.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			req := c.requests[0]
			if req.Method != http.MethodPost || req.URL.Path != "/v1/traces" || req.Header.Get("Api-Key") != "k" ||
				req.Header.Get("Content-Type") != kind {
				t.Errorf("%s %s %v", req.Method, req.URL, req.Header)
			}
		})
	}
}

// TestEnvironment checks that the settings that the libraries of OpenTelemetry read from the environment take effect.
func TestEnvironment(t *testing.T) {
	steps := func(o *dataplane.Observation) { o.Steps = []dataplane.Step{{Name: "deliver", Began: start}} }
	for name, c := range map[string]struct {
		env   map[string]string
		spans int
		path  string
		about map[string]string
	}{
		"a name":      {env: map[string]string{"OTEL_SERVICE_NAME": "other"}, spans: 2, about: map[string]string{"service.name": "other"}},
		"a resource":  {env: map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "team=a,service.name=b"}, spans: 2, about: map[string]string{"team": "a", "service.name": "b"}},
		"no sampling": {env: map[string]string{"OTEL_TRACES_SAMPLER": "always_off"}},
		"a ratio":     {env: map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}},
		"one endpoint for traces": {
			env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "/here"}, spans: 2, path: "/here",
		},
		"a base with a path": {
			env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "/otlp/"}, spans: 2, path: "/otlp/v1/traces",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sink := startCollector(t)
			for name, value := range c.env {
				if strings.HasSuffix(name, "ENDPOINT") {
					value = sink.URL + value
				}
				t.Setenv(name, value)
			}
			seen := newTelemetry(t, telemetry.Options{Traces: true})
			seen.Observe(t.Context(), call(t, steps))
			if err := seen.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := sink.spans(t)
			if len(all) != c.spans {
				t.Fatalf("%d spans", len(all))
			}
			for name, want := range c.about {
				if got := all[0].resource[name]; got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			if c.path != "" && sink.requests[0].URL.Path != c.path {
				t.Errorf("path %s", sink.requests[0].URL.Path)
			}
		})
	}
}

// TestBatchSettings sets a batch size that one call fills: its span is sent at once, not when the delay is over.
func TestBatchSettings(t *testing.T) {
	c := startCollector(t)
	arrived := make(chan struct{}, 1)
	c.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
	seen := newTelemetry(t, telemetry.Options{Traces: true})
	seen.Observe(t.Context(), call(t))
	<-arrived // or the test never ends
}

// TestWrongSettings checks that a wrong setting switches traces off, with one warning that does not show its value.
func TestWrongSettings(t *testing.T) {
	for _, c := range []struct{ name, value, says string }{
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "secret", "parse duration"},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s", "parse duration"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "secret", "parse headers"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "=secret", "parse headers"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "a=secret%2", "escape header value"},
		{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/secret", "read tls ca cert file"},
		{"OTEL_TRACES_SAMPLER", "sometimes", "unsupported sampler"},
		{"OTEL_RESOURCE_ATTRIBUTES", "team", "missing value"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			sink := startCollector(t)
			t.Setenv(c.name, c.value)
			var log lockedBuffer
			seen := newTelemetry(t, telemetry.Options{Traces: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
			seen.Observe(t.Context(), call(t))
			if err := seen.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			got := log.String()
			if strings.Count(got, "\n") != 1 || !strings.Contains(got, "traces are off") || !strings.Contains(got, c.says) ||
				strings.Contains(got, "secret") {
				t.Errorf("log: %s", got)
			}
			if seen.Tracing() || sink.text() != "" {
				t.Error("traces with wrong settings")
			}
		})
	}
}

// TestCollectorThatFails checks that a failing collector is logged once, and once more when it works again.
func TestCollectorThatFails(t *testing.T) {
	c := startCollector(t)
	var log lockedBuffer
	seen := newTelemetry(t, telemetry.Options{Traces: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, status := range []int{500, 500, 200, 200} {
		c.answer(status)
		seen.Observe(t.Context(), call(t))
		if err := telemetry.Flush(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
	}
	got := log.String()
	if strings.Count(got, "\n") != 2 || !strings.Contains(got, "500 Internal") || !strings.Contains(got, "taken again") {
		t.Errorf("log: %s", got)
	}
}

// TestCollectorThatIsBusy checks that Shutdown does not wait for a retry that is seconds away. TestMain checks that the
// goroutine of the retry is gone.
func TestCollectorThatIsBusy(t *testing.T) {
	c := startCollector(t)
	c.answer(http.StatusServiceUnavailable)
	seen := telemetry.New(t.Context(), telemetry.Options{Catalogue: catalogue(t), Traces: true, Log: discard})
	seen.Observe(t.Context(), call(t))
	limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := seen.Shutdown(limited); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestCollectorThatAnswersAtLength checks that a long answer is cut in the log.
func TestCollectorThatAnswersAtLength(t *testing.T) {
	c := startCollector(t)
	c.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, strings.Repeat("long ", 10_000))
	})
	var log lockedBuffer
	seen := newTelemetry(t, telemetry.Options{Traces: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	seen.Observe(t.Context(), call(t))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(log.String()); n > 1000 || !strings.Contains(log.String(), "400 Bad Request") {
		t.Errorf("%d bytes: %.1000s", n, log.String())
	}
}

// TestCollectorThatIsNotThere checks that Shutdown succeeds without a collector, and that the log says what was lost.
func TestCollectorThatIsNotThere(t *testing.T) {
	c := startCollector(t)
	c.Close()
	var log lockedBuffer
	seen := newTelemetry(t, telemetry.Options{Traces: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	seen.Observe(t.Context(), call(t))
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "traces are not taken and are dropped") || strings.Contains(log.String(), "Api-Key") {
		t.Errorf("log: %s", log.String())
	}
}

// TestWithoutTraces checks that nothing is traced unless asked for, whatever the environment says. TestMain checks that
// no goroutine was started.
func TestWithoutTraces(t *testing.T) {
	c := startCollector(t)
	seen := telemetry.New(context.Background(), telemetry.Options{Catalogue: catalogue(t)})
	seen.Observe(t.Context(), call(t))
	if seen.Tracing() || c.text() != "" {
		t.Error("traces that nobody asked for")
	}
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
