package telemetry

import (
	"strconv"
	"sync/atomic"
	"time"
)

// bounds are the upper bounds of the buckets: the emulator's own work takes some ten microseconds, scripted delays
// take seconds.
func bounds() [16]time.Duration {
	const ms, µs = time.Millisecond, time.Microsecond
	return [...]time.Duration{
		50 * µs, 100 * µs, 250 * µs, 500 * µs, ms, 2500 * µs, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms,
		500 * ms, time.Second, 5 * time.Second, 30 * time.Second,
	}
}

// histogram counts durations by bucket. The last bucket holds what is beyond all bounds.
type histogram struct {
	buckets [17]atomic.Uint64
	nanos   atomic.Int64
}

func (h *histogram) observe(d time.Duration) {
	all, at := bounds(), 0
	for at < len(all) && d > all[at] {
		at++
	}
	h.buckets[at].Add(1)
	h.nanos.Add(int64(max(d, 0)))
}

// write writes the cumulative buckets that Prometheus wants. The count is that of the buckets as they were read, so
// that the two agree whatever comes in between.
func (h *histogram) write(w *exposition, labels string) {
	total := uint64(0)
	for i, bound := range bounds() {
		total += h.buckets[i].Load()
		le := strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)
		w.suffixed("_bucket", labels+",le="+quote(le), float64(total))
	}
	total += h.buckets[len(h.buckets)-1].Load()
	w.suffixed("_bucket", labels+`,le="+Inf"`, float64(total))
	w.suffixed("_sum", labels, time.Duration(h.nanos.Load()).Seconds())
	w.suffixed("_count", labels, float64(total))
}
