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

// loggingExporter passes spans to another exporter. It logs when that one begins to fail and when it works again, so an
// absent collector is reported only once.
type loggingExporter struct {
	sdktrace.SpanExporter

	log     *slog.Logger
	failing atomic.Bool
}

// maxReason is how many bytes of an error are logged: a collector may answer with a whole page.
const maxReason = 512

// ExportSpans drops a batch that the collector does not take. It returns no error, since the SDK would report every
// one.
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

// firstError keeps the first error that OpenTelemetry reports. It is a slog.Handler, since the libraries report a
// setting that they cannot read only in their log.
type firstError struct {
	mu  sync.Mutex
	err error
}

// watchOpenTelemetry replaces the log and the error handler of OpenTelemetry's libraries, which would write whole
// headers to standard error, and returns what keeps the first error instead. Both exist once for the whole process.
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

// get returns the first error, nil if there was none.
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
