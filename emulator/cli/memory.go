package cli

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapGrowth is how far the heap may grow before it is collected, in percent of what lives in it. That is a few
	// megabytes, and collecting at Go's 100 takes a tenth of a busy server's time.
	heapGrowth = 400
	// memoryLimit is where that growth ends, so that a server with more in it, such as a million nonces, stays small.
	memoryLimit = 40 << 20
	// limitInterval is how often the limit is set anew. Between, collecting takes at most half of the time.
	limitInterval = time.Second
)

// growHeap gives back what the start needed and lets the heap grow from there, under a limit, until ctx ends. The start
// itself has Go's own growth, since what it leaves behind stays scattered over the heap. Nothing is done when the
// environment has a limit or a growth of its own.
func growHeap(ctx context.Context) {
	const usual = 100
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	given := debug.SetGCPercent(heapGrowth)
	defer debug.SetGCPercent(given)
	if given != usual {
		return
	}
	debug.FreeOSMemory()
	defer debug.SetMemoryLimit(math.MaxInt64)
	_ = tick(ctx, limitInterval, func() error {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetMemoryLimit(limitFor(live[0].Value.Uint64()))
		return nil
	})
}

// limitFor leaves room to work beside what lives, however much that is: a limit that is nearly reached would have the
// server do nothing but collect.
func limitFor(live uint64) int64 { return int64(max(memoryLimit, live+live/2)) }
