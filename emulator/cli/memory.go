package cli

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// heapGrowth is how far the heap may grow before it is collected, in percent of what lives in it. That is a few
	// megabytes, and collecting at Go's 100 takes a tenth of a busy server's time.
	heapGrowth = 400
	// memoryLimit is where that growth ends, so that a server with more in it, such as a million nonces, stays small.
	memoryLimit = 40 << 20
)

// growHeap lets the heap grow, and returns what then sees to it. Nothing is done when the environment has a limit or a
// growth of its own.
func growHeap() (tend func(context.Context)) {
	const usual = 100
	none := func(context.Context) {}
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return none
	}
	if given := debug.SetGCPercent(heapGrowth); given != usual && given != heapGrowth {
		debug.SetGCPercent(given)
		return none
	}
	return boundMemory
}

// boundMemory gives back what the start needed, and then keeps a limit on memory until ctx ends. It is set anew after
// each collection: what lives in a busy server can grow by tens of megabytes a second, and above a limit of before
// there would be one collection after the other.
func boundMemory(ctx context.Context) {
	debug.FreeOSMemory()
	defer debug.SetMemoryLimit(math.MaxInt64)
	collected := make(chan struct{}, 1)
	for {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetMemoryLimit(limitFor(live[0].Value.Uint64()))
		tellCollected(collected)
		select {
		case <-ctx.Done():
			return
		case <-collected:
		}
	}
}

// tellCollected sends once the next collection is over: it finds that nobody holds what was made for it.
func tellCollected(collected chan<- struct{}) {
	type forgotten struct{ _ *byte } // without a pointer it would be kept together with others
	runtime.AddCleanup(new(forgotten), func(collected chan<- struct{}) { collected <- struct{}{} }, collected)
}

// limitFor leaves room to work beside what lives, however much that is: a limit that is nearly reached would have the
// server do nothing but collect. One that holds much, such as a thousand journals, gets up to twice that.
func limitFor(live uint64) int64 {
	held := int64(live)
	return max(memoryLimit, held+held/2, 2*held-memoryLimit/2)
}
