package telemetry

import "context"

// CPUSeconds reads the CPU time out of the text of /proc/pid/stat.
func CPUSeconds(stat []byte) (float64, bool) {
	p, ok := parseStat(stat)
	return p.cpuSeconds, ok
}

// Flush sends what waits in the batch.
func Flush(ctx context.Context, t *Telemetry) error { return t.traces.provider.ForceFlush(ctx) }
