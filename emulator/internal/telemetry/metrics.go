package telemetry

import (
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// metrics count the calls. The series of an operation are made by its first call, after which a call needs no look-up
// by label and allocates no memory; those of all operations are there when somebody reads them, so that Prometheus sees
// the first error of a kind as an increase.
type metrics struct {
	registry           *prometheus.Registry
	table              *labelTable
	calls              []callMetrics // indexed by labels.index
	panics, violations prometheus.Counter

	requests, requestBytes, responseBytes, decisions, deliveries *prometheus.CounterVec
	durations                                                    *prometheus.HistogramVec
}

// callMetrics are the series of the calls that share their labels.
type callMetrics struct {
	made          sync.Once
	outcomes      []prometheus.Counter // indexed like labels.outcomes
	deliveries    map[journal.State]prometheus.Counter
	duration      prometheus.Observer
	requestBytes  prometheus.Counter
	responseBytes prometheus.Counter
	decisions     prometheus.Counter
}

// durationBuckets returns the upper bounds of the histogram in seconds: the emulator's own work takes tens of
// microseconds, scripted delays take seconds.
func durationBuckets() []float64 {
	return []float64{
		.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30,
	}
}

// newMetrics creates and registers the metrics of calls. Names and units follow the Prometheus page "Metric and label
// naming".
func newMetrics(table *labelTable) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), table: table, calls: make([]callMetrics, len(table.all))}
	names := []string{"gateway", "api", "operation"}
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstage_requests_total", Help: "Calls, by how they ended.",
	}, append(names, "outcome"))
	m.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tokenstage_request_duration_seconds",
		Help:    "From the request being read to its reply being delivered, scripted delays included.",
		Buckets: durationBuckets(),
	}, names)
	m.requestBytes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstage_request_body_bytes_total", Help: "Bytes of the bodies that came in.",
	}, names)
	m.responseBytes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstage_response_body_bytes_total", Help: "Bytes of the bodies of replies that were sent.",
	}, names)
	m.decisions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstage_scenario_decisions_total", Help: "Calls that a scenario decided.",
	}, names)
	m.deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenstage_deliveries_total", Help: "Calls, by how their reply reached the client.",
	}, append(names, "delivery"))
	m.panics = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tokenstage_panics_total", Help: "Calls that ended in a panic: bugs of the emulator.",
	})
	m.violations = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tokenstage_reply_violations_total", Help: "Replies that broke their spec: bugs of the emulator.",
	})
	m.registry.MustRegister(m.requests, m.durations, m.requestBytes, m.responseBytes, m.decisions, m.deliveries)
	m.registry.MustRegister(m.panics, m.violations)
	return m
}

// of returns the series of the calls with these labels, which it makes the first time.
func (m *metrics) of(l *labels) *callMetrics {
	c := &m.calls[l.index]
	c.made.Do(func() {
		c.duration = m.durations.WithLabelValues(l.gateway, l.api, l.operation)
		c.requestBytes = m.requestBytes.WithLabelValues(l.gateway, l.api, l.operation)
		c.responseBytes = m.responseBytes.WithLabelValues(l.gateway, l.api, l.operation)
		c.decisions = m.decisions.WithLabelValues(l.gateway, l.api, l.operation)
		for _, outcome := range l.outcomes {
			c.outcomes = append(c.outcomes, m.requests.WithLabelValues(l.gateway, l.api, l.operation, outcome))
		}
		c.deliveries = map[journal.State]prometheus.Counter{}
		for _, state := range journal.EndStates() {
			c.deliveries[state] = m.deliveries.WithLabelValues(l.gateway, l.api, l.operation, string(state))
		}
	})
	return c
}

// observe counts a call.
func (m *metrics) observe(l *labels, outcome int, o *dataplane.Observation) {
	c := m.of(l)
	c.outcomes[outcome].Inc()
	c.duration.Observe(max(o.Done.Sub(o.Arrived), 0).Seconds())
	c.requestBytes.Add(float64(len(o.Request.Body)))
	c.responseBytes.Add(float64(o.Delivery.Bytes))
	if delivered, ok := c.deliveries[o.Delivery.State]; ok {
		delivered.Inc()
	}
	if o.Scenario != "" {
		c.decisions.Inc()
	}
	if o.Panicked {
		m.panics.Inc()
	}
	if o.BrokeSpec {
		m.violations.Inc()
	}
}

// Gauges are functions that return current values of the emulator. They are called whenever metrics are read.
type Gauges struct {
	InFlight  func() int64
	Sandboxes func() int
}

// handler serves the metrics of the calls together with those of the emulator and of its process. What no call needs is
// set up by the first request, which makes the start of the server faster.
func (m *metrics) handler(g Gauges) http.Handler {
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tokenstage_requests_in_flight", Help: "Requests of the data plane that are being answered.",
	})
	sandboxes := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tokenstage_sandboxes", Help: "Sandboxes that exist."})
	setUp := sync.OnceValue(func() http.Handler {
		for _, l := range m.table.all {
			m.of(l)
		}
		process := newProcessRegistry()
		process.MustRegister(inFlight, sandboxes)
		return promhttp.HandlerFor(prometheus.Gatherers{m.registry, process}, promhttp.HandlerOpts{})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The gauges are called here, where the server recovers from a panic: a collector would call them in a
		// goroutine of its own.
		inFlight.Set(float64(g.InFlight()))
		sandboxes.Set(float64(g.Sandboxes()))
		setUp().ServeHTTP(w, r)
	})
}

// newProcessRegistry returns a registry of the build and of metrics that each request reads from Go and the system.
func newProcessRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gcMetrics := regexp.MustCompile(`^/gc/cycles/total:gc-cycles$|^/cpu/classes/gc/total:cpu-seconds$`)
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenstage_build_info", Help: "What was built; the value is always 1.", ConstLabels: buildLabels(),
		}, func() float64 { return 1 }),
		collectors.NewGoCollector(
			collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: gcMetrics})),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// buildLabels returns the version that the go command wrote into the binary, by the label names of the package
// prometheus/common/version.
func buildLabels() prometheus.Labels {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()}
}
