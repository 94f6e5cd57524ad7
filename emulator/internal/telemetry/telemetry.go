// Package telemetry reports what the data plane does: by an access log, by metrics for Prometheus and by traces for
// OpenTelemetry. No text that a client wrote gets into any of them: calls are named as in the specs.
package telemetry

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// Options configure a Telemetry.
type Options struct {
	// Catalogue lists what is served. Each of its operations is reported separately.
	Catalogue *contract.Catalogue
	// AccessLog gets a record of every call; nil means no access log.
	AccessLog slog.Handler
	// Traces says whether calls are traced: see TracesConfigured.
	Traces bool
	// Log is where problems with traces are reported.
	Log *slog.Logger
}

// Telemetry observes the calls of an emulator. It is safe for concurrent use.
type Telemetry struct {
	labels  *labelTable
	metrics *metrics
	access  slog.Handler
	traces  *traces
}

// New returns a Telemetry. Only if traces are asked for does it start anything: their export, which Shutdown ends.
// Wrong settings of OpenTelemetry switch traces off, with a warning.
func New(ctx context.Context, o Options) *Telemetry {
	table := newLabelTable(o.Catalogue)
	t := &Telemetry{labels: table, metrics: newMetrics(table), access: o.AccessLog}
	if !o.Traces {
		return t
	}
	traces, err := newTraces(ctx, o.Log)
	if err != nil {
		o.Log.Warn("traces are off", "error", err)
		return t
	}
	t.traces = traces
	return t
}

// Tracing tells whether traces are exported. The emulator needs to know as its Options.Steps.
func (t *Telemetry) Tracing() bool { return t.traces != nil }

// Observe reports a call. It is the function for Options.Observe of the emulator.
func (t *Telemetry) Observe(ctx context.Context, o dataplane.Observation) {
	labels := t.labels.find(&o)
	outcome := labels.outcomeIndex(o.Outcome)
	t.metrics.observe(labels, outcome, &o)
	if t.access != nil {
		t.log(ctx, labels, labels.outcomes[outcome], &o)
	}
	if t.traces != nil {
		t.traces.observe(labels, labels.outcomes[outcome], &o)
	}
}

// MetricsHandler serves the metrics, in the format that the client asks for.
func (t *Telemetry) MetricsHandler(g Gauges) http.Handler { return t.metrics.handler(g) }

// Shutdown sends the traces that are still waiting and ends their export.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.traces == nil {
		return nil
	}
	return t.traces.shutdown(ctx)
}
