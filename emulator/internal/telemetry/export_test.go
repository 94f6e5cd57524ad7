package telemetry

import "context"

// Flush sends the spans that wait in the batch.
func Flush(ctx context.Context, t *Telemetry) error { return t.traces.provider.ForceFlush(ctx) }
