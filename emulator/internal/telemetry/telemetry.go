// Package telemetry tells people and their tools what the data plane does: an access log, metrics for Prometheus and
// traces for OpenTelemetry. Nothing that a client wrote gets into any of them: calls are named by the specs.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// Options configure a Telemetry.
type Options struct {
	// Catalogue is what is served: the calls that are told apart.
	Catalogue *contract.Catalogue
	// Started is when the process started.
	Started time.Time
	// AccessLog takes a record of every call; nil means none.
	AccessLog slog.Handler
	// Export is where traces go; nil means nowhere, and then nothing is traced.
	Export *Export
	// Log takes what went wrong with the export.
	Log *slog.Logger
}

// Telemetry observes the calls of an emulator. It is safe for concurrent use.
type Telemetry struct {
	classes *classes
	metrics *metrics
	access  slog.Handler
	traces  *traces
}

// New returns a Telemetry that starts nothing unless there is somewhere to export traces to; then Shutdown ends it.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	t := &Telemetry{classes: newClasses(o.Catalogue), access: o.AccessLog}
	t.metrics = newMetrics(t.classes, o.Started)
	if o.Export == nil {
		return t, nil
	}
	var err error
	if t.traces, err = newTraces(ctx, *o.Export, o.Log); err != nil {
		return nil, fmt.Errorf("set up the export of traces: %w", err)
	}
	return t, nil
}

// Tracing tells whether traces are exported: Options.Steps of the emulator.
func (t *Telemetry) Tracing() bool { return t.traces != nil }

// Observe takes in a call: Options.Observe of the emulator.
func (t *Telemetry) Observe(ctx context.Context, o dataplane.Observation) {
	class := t.classes.of(&o)
	code := class.code(o.Outcome)
	t.metrics.observe(class, code, &o)
	if t.access != nil {
		t.log(ctx, class, class.codes[code], &o)
	}
	if t.traces != nil {
		t.traces.observe(class, class.codes[code], &o)
	}
}

// Gauges are what the emulator knows itself.
type Gauges struct {
	InFlight  int64
	Sandboxes int
}

// WriteMetrics writes the metrics in the text format of Prometheus, version 0.0.4.
func (t *Telemetry) WriteMetrics(w io.Writer, g Gauges) error { return t.metrics.write(w, g) }

// Shutdown sends the traces that are left and ends their export.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.traces == nil {
		return nil
	}
	return t.traces.shutdown(ctx)
}
