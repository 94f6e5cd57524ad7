package telemetry

import (
	"context"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// maxName is how many bytes of a name that users choose are kept in the access log and in traces.
const maxName = 128

// log writes the record of a call. All of its values come from the specs, from the emulator itself or from the people
// who control it: a client cannot write into the log. An outcome that no spec documents is logged as "other"; the
// journal has it in full, under the request id.
func (t *Telemetry) log(ctx context.Context, l *labels, outcome string, o *dataplane.Observation) {
	record := slog.NewRecord(o.Done, slog.LevelInfo, "call", 0)
	if !t.access.Enabled(ctx, record.Level) {
		return
	}
	attrs := make([]slog.Attr, 0, 13)
	attrs = append(attrs, slog.String("sandbox", o.Sandbox))
	if l.gateway != none {
		attrs = append(attrs, slog.String("gateway", l.gateway))
	}
	if l.operation != none {
		attrs = append(attrs, slog.String("api", l.api), slog.String("operation", l.operation))
	}
	attrs = append(
		attrs, slog.String("outcome", outcome), slog.Int("status", o.Status),
		slog.Float64("duration_ms", milliseconds(o.Done.Sub(o.Arrived))),
		slog.Int("bytes_in", len(o.Request.Body)), slog.Int("bytes_out", o.Delivery.Bytes),
		slog.String("request_id", o.RequestID),
	)
	if o.Scenario != "" {
		attrs = append(attrs, slog.String("scenario", bounded(o.Scenario, maxName)))
	}
	if o.Delivery.State != journal.Whole {
		attrs = append(attrs, slog.String("delivery", string(o.Delivery.State)))
	}
	if o.Delivery.Network != "" {
		attrs = append(attrs, slog.String("network", o.Delivery.Network))
	}
	record.AddAttrs(attrs...)
	_ = t.access.Handle(ctx, record) // if the log cannot be written, there is nowhere to report it
}

// milliseconds returns a duration in milliseconds, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// bounded cuts a text that is longer than limit bytes; it does not cut within a character.
func bounded(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := 0
	for i := range text {
		if i > limit {
			break
		}
		end = i
	}
	return text[:end] + "…"
}
