package telemetry

import "context"

// Flush sends what waits in the batch.
func Flush(ctx context.Context, t *Telemetry) error { return t.traces.provider.ForceFlush(ctx) }
