package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// loggingExporter passes spans to another exporter and logs when that begins to fail and when it works again, so that
// an absent collector is reported once.
type loggingExporter struct {
	sdktrace.SpanExporter

	log     *slog.Logger
	failing atomic.Bool
}

// maxReason bounds the reason of a failure in the log: a collector may answer with a whole page.
const maxReason = 512

// ExportSpans drops a batch that the collector does not take. It returns no error: the SDK would report each.
func (x *loggingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := x.SpanExporter.ExportSpans(ctx, spans)
	if failed := err != nil; x.failing.Swap(failed) != failed {
		if failed {
			x.log.Warn("traces are not taken and are dropped", "error", bounded(err.Error(), maxReason))
		} else {
			x.log.Info("traces are taken again")
		}
	}
	return nil
}

// firstError keeps the first error that OpenTelemetry reports. It is a slog.Handler, since a setting that cannot be
// read is reported in no other way than by the libraries' log.
type firstError struct {
	mu  sync.Mutex
	err error
}

// watchOpenTelemetry keeps what OpenTelemetry reports from standard error, where the libraries would write whole
// headers, and returns where the first error is kept. The libraries have one log and one error handler for the process.
func watchOpenTelemetry() *firstError {
	first := &firstError{}
	otel.SetLogger(logr.FromSlogHandler(first))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(first.keep))
	return first
}

func (f *firstError) keep(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

// get returns the first error, nil when there was none.
func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Enabled implements slog.Handler: only errors are of interest.
func (*firstError) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle implements slog.Handler. It keeps the message alone, such as "parse headers": the attributes hold values.
func (f *firstError) Handle(_ context.Context, record slog.Record) error {
	f.keep(errors.New(record.Message))
	return nil
}

// WithAttrs implements slog.Handler.
func (f *firstError) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup implements slog.Handler.
func (f *firstError) WithGroup(string) slog.Handler { return f }
