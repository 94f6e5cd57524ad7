package telemetry_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// scrape asks for the metrics as Prometheus does.
func scrape(t testing.TB, seen *telemetry.Telemetry) *httptest.ResponseRecorder {
	t.Helper()
	handler := seen.MetricsHandler(telemetry.Gauges{
		InFlight: func() int64 { return 3 }, Sandboxes: func() int { return 2 },
	})
	got := httptest.NewRecorder()
	handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	return got
}

func metricsText(t testing.TB, seen *telemetry.Telemetry) string {
	t.Helper()
	return scrape(t, seen).Body.String()
}

func TestMetricsFormat(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	for range 2 { // every handler serves the same metrics
		got := scrape(t, seen).Header().Get("Content-Type")
		if !strings.HasPrefix(got, "text/plain; version=0.0.4; charset=utf-8") {
			t.Error(got)
		}
	}
}

// TestGaugeThatPanics checks that a gauge panics in the goroutine of the request, where the server can recover, and not
// in one of the Prometheus client.
func TestGaugeThatPanics(t *testing.T) {
	t.Parallel()
	handler := newTelemetry(t, telemetry.Options{}).MetricsHandler(telemetry.Gauges{
		InFlight: func() int64 { return 0 }, Sandboxes: func() int { panic("no store") },
	})
	defer func() {
		if got := recover(); got != "no store" {
			t.Errorf("recovered %v", got)
		}
	}()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	handler.ServeHTTP(httptest.NewRecorder(), req)
}

// families reads the metrics with the parser of Prometheus.
func families(t testing.TB, seen *telemetry.Telemetry) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(metricsText(t, seen)))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// series returns the series with these labels, given as name=value.
func series(t testing.TB, family *dto.MetricFamily, labels ...string) *dto.Metric {
	t.Helper()
	for _, m := range family.GetMetric() {
		has := map[string]bool{}
		for _, l := range m.GetLabel() {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		all := true
		for _, l := range labels {
			all = all && has[l]
		}
		if all {
			return m
		}
	}
	t.Fatalf("%s has no series %v", family.GetName(), labels)
	return nil
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	for _, outcome := range []string{
		"ok", "ok", "ApplyTokenOverFlow", "InvalidParameter.Actions", "InvalidParameter.", "made up", "",
	} {
		seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Outcome, o.Scenario = outcome, "s" }))
	}
	seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Panicked, o.BrokeSpec = true, true }))
	seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Operation, o.Outcome = nil, "InvalidAction.NotFound" }))
	seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) {
		o.Operation, o.Gateway, o.Outcome = nil, "", "http.404"
	}))
	all := families(t, seen)
	apply := []string{"gateway=acs", "api=onsmqtt", "operation=ApplyToken"}
	unclaimed := []string{"gateway=none", "api=none", "operation=none"}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"tokenstage_requests_total", append(apply, "outcome=ok"), 3},
		{"tokenstage_requests_total", append(apply, "outcome=ApplyTokenOverFlow"), 1},
		{"tokenstage_requests_total", append(apply, "outcome=InvalidParameter.%s"), 2},
		{"tokenstage_requests_total", append(apply, "outcome=other"), 2},
		{"tokenstage_requests_total", append(apply, "outcome=SystemOverFlow"), 0},
		{"tokenstage_requests_total", []string{"gateway=acs", "api=none", "outcome=InvalidAction.NotFound"}, 1},
		{"tokenstage_requests_total", append(unclaimed, "outcome=http.404"), 1},
		{"tokenstage_request_body_bytes_total", apply, 8 * 4},
		{"tokenstage_response_body_bytes_total", apply, 8 * 70},
		{"tokenstage_scenario_decisions_total", apply, 7},
		{"tokenstage_panics_total", nil, 1},
		{"tokenstage_reply_violations_total", nil, 1},
	} {
		if got := series(t, all[c.name], c.labels...).GetCounter().GetValue(); got != c.want {
			t.Errorf("%s %v: %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	for name, want := range map[string]float64{
		"tokenstage_requests_in_flight": 3, "tokenstage_sandboxes": 2, "tokenstage_build_info": 1,
		"go_info": 1,
	} {
		if got := series(t, all[name]).GetGauge().GetValue(); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestRuntimeMetrics checks that metrics of the Go runtime have the names that dashboards for Go programs expect.
// TestMetricsOfDeliveries tells good replies that came from those that did not, and counts the bytes that were sent.
func TestMetricsOfDeliveries(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	for range 2 {
		seen.Observe(t.Context(), call(t))
	}
	seen.Observe(t.Context(), call(t, deliver(journal.Reset, "reset", 0)))
	seen.Observe(t.Context(), call(t, deliver(journal.Abandoned, "stall", 0)))
	seen.Observe(t.Context(), call(t, deliver(journal.Truncated, "truncate", 35)))
	all := families(t, seen)
	apply := []string{"gateway=acs", "api=onsmqtt", "operation=ApplyToken"}
	for state, want := range map[string]float64{"whole": 2, "reset": 1, "abandoned": 1, "truncated": 1, "delayed": 0} {
		metric := series(t, all["tokenstage_deliveries_total"], append(slices.Clone(apply), "delivery="+state)...)
		if got := metric.GetCounter().GetValue(); got != want {
			t.Errorf("%s: %v, want %v", state, got, want)
		}
	}
	if got := series(t, all["tokenstage_response_body_bytes_total"], apply...).GetCounter().GetValue(); got != 2*70+35 {
		t.Errorf("%v bytes were sent", got)
	}
}

func TestRuntimeMetrics(t *testing.T) {
	t.Parallel()
	all := families(t, newTelemetry(t, telemetry.Options{}))
	want := []string{
		"go_goroutines", "go_sched_gomaxprocs_threads", "go_memstats_heap_alloc_bytes", "go_memstats_sys_bytes",
		"go_memstats_next_gc_bytes", "go_memstats_alloc_bytes_total", "go_memstats_mallocs_total",
		"go_memstats_frees_total", "go_gc_cycles_total_gc_cycles_total", "go_cpu_classes_gc_total_cpu_seconds_total",
	}
	if runtime.GOOS == "linux" {
		want = append(want, "process_start_time_seconds", "process_cpu_seconds_total", "process_virtual_memory_bytes",
			"process_resident_memory_bytes", "process_open_fds")
	}
	for _, name := range want {
		one := series(t, all[name])
		if value := one.GetGauge().GetValue() + one.GetCounter().GetValue(); value < 0 {
			t.Errorf("%s: %v", name, value)
		}
	}
	if got := series(t, all["go_goroutines"]).GetGauge().GetValue(); got < 1 {
		t.Errorf("%v goroutines", got)
	}
	if got := series(t, all["process_start_time_seconds"]).GetGauge().GetValue(); runtime.GOOS == "linux" &&
		(got < float64(start.Unix()) || got > float64(time.Now().Unix()+1)) {
		t.Errorf("started at %v", got)
	}
}

// TestMetricNames checks the names against the conventions of Prometheus.
func TestMetricNames(t *testing.T) {
	t.Parallel()
	for name, family := range families(t, newTelemetry(t, telemetry.Options{})) {
		isTotal := strings.HasSuffix(name, "_total")
		if isCounter := family.GetType() == dto.MetricType_COUNTER; isCounter != isTotal {
			t.Errorf("%s is a %s", name, family.GetType())
		}
		if family.GetHelp() == "" || family.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s has no help or type", name)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	for _, d := range []time.Duration{
		-time.Second, 0, 50 * time.Microsecond, 50*time.Microsecond + 1, 2 * time.Millisecond, time.Minute,
	} {
		seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Done = o.Arrived.Add(d) }))
	}
	h := series(t, families(t, seen)["tokenstage_request_duration_seconds"], "operation=ApplyToken").GetHistogram()
	if h.GetSampleCount() != 6 || h.GetSampleSum() < 60.0021 || h.GetSampleSum() > 60.0022 {
		t.Errorf("count %d, sum %v", h.GetSampleCount(), h.GetSampleSum())
	}
	want := map[float64]uint64{0.00005: 3, 0.0001: 4, 0.001: 4, 0.0025: 5, 30: 5}
	for _, b := range h.GetBucket() {
		if n, ok := want[b.GetUpperBound()]; ok && n != b.GetCumulativeCount() {
			t.Errorf("up to %v: %d, want %d", b.GetUpperBound(), b.GetCumulativeCount(), n)
		}
	}
}

// TestSeriesDoNotGrow observes calls whose texts are all different: they must not add series.
func TestSeriesDoNotGrow(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	before := names(metricsText(t, seen))
	chance := rand.New(rand.NewPCG(1, 2))
	for i := range 10_000 {
		odd := fmt.Sprintf("%x\"},\n{}%d", chance.Uint64(), i)
		seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) {
			o.Outcome, o.Sandbox, o.Scenario, o.RequestID, o.Request.Method = odd, odd, odd, odd, odd
			o.Delivery.Network = odd
			if i%3 == 0 {
				o.Operation, o.Gateway = nil, odd
			}
			if i%5 == 0 {
				o.Outcome = "InvalidParameter." + odd
			}
		}))
	}
	if after := names(metricsText(t, seen)); after != before {
		t.Errorf("other series than before:\n%s", after)
	}
	sum := 0.0
	for _, m := range families(t, seen)["tokenstage_requests_total"].GetMetric() {
		sum += m.GetCounter().GetValue()
	}
	if sum != 10_000 {
		t.Errorf("%v calls", sum)
	}
}

// names returns the lines of the metrics without comments and values: the names of the series and their labels.
func names(text string) string {
	var all []string
	for line := range strings.Lines(text) {
		if end := strings.LastIndexByte(line, ' '); !strings.HasPrefix(line, "#") {
			all = append(all, line[:end])
		}
	}
	return strings.Join(all, "\n")
}

func TestMetricsUnderConcurrentCalls(t *testing.T) {
	t.Parallel()
	seen := newTelemetry(t, telemetry.Options{})
	one := call(t)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 500 {
				seen.Observe(t.Context(), one)
			}
		})
	}
	for range 20 {
		h := series(t, families(t, seen)["tokenstage_request_duration_seconds"], "operation=ApplyToken").GetHistogram()
		last := h.GetBucket()[len(h.GetBucket())-1]
		if last.GetCumulativeCount() != h.GetSampleCount() {
			t.Fatalf("+Inf %d, count %d", last.GetCumulativeCount(), h.GetSampleCount())
		}
	}
	callers.Wait()
	got := series(t, families(t, seen)["tokenstage_requests_total"], "operation=ApplyToken", "outcome=ok").GetCounter()
	if got.GetValue() != 4000 {
		t.Errorf("%v calls", got.GetValue())
	}
}

// TestMetricsCostNoMemory checks that counting a call allocates nothing.
func TestMetricsCostNoMemory(t *testing.T) {
	seen := newTelemetry(t, telemetry.Options{})
	good, bad := call(t), call(t, func(o *dataplane.Observation) { o.Outcome = "InvalidParameter.Actions" })
	if n := testing.AllocsPerRun(1000, func() {
		seen.Observe(t.Context(), good)
		seen.Observe(t.Context(), bad)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	one := call(b)
	for name, o := range map[string]telemetry.Options{"metrics": {}, "access log": {AccessLog: discardText()}} {
		b.Run(name, func(b *testing.B) {
			seen := newTelemetry(b, o)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					seen.Observe(b.Context(), one)
				}
			})
		})
	}
}

// TestOddNames observes an operation with unusual names and codes, such as a user's own spec could have.
func TestOddNames(t *testing.T) {
	t.Parallel()
	const id = `a"b\c`
	gw := &contract.Gateway{Name: "gw"}
	api := &contract.API{Name: "odd", Gateway: gw}
	op := &contract.Operation{API: api, ID: id, Name: "odd." + id, Errors: []contract.Error{
		{Code: "Bad%s"}, {Code: "Bad.Value.%s"}, {Code: "%s.Missing"}, {Code: "Bad.Value.Exact"},
	}}
	api.Operations = []*contract.Operation{op}
	seen := telemetry.New(t.Context(), telemetry.Options{
		Catalogue: &contract.Catalogue{APIs: []*contract.API{api}, Gateways: []*contract.Gateway{gw}},
	})
	for _, outcome := range []string{"Bad", "Bad.Value.x", "Bad.Value.Exact", "x.Missing", "Missing", "Bad.Value.Missing"} {
		seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Operation, o.Outcome = op, outcome }))
	}
	family := families(t, seen)["tokenstage_requests_total"]
	for code, want := range map[string]float64{
		"Bad%s": 1, "Bad.Value.%s": 2, "Bad.Value.Exact": 1, "%s.Missing": 1, "other": 1, "ok": 0,
	} {
		if got := series(t, family, "operation="+id, "outcome="+code).GetCounter().GetValue(); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}
