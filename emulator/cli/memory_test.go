package cli_test

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
)

// TestLimitLeavesRoom: a limit below what lives would have the server do nothing but collect.
func TestLimitLeavesRoom(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for live, want := range map[uint64]int64{0: 40 * mb, 26 * mb: 40 * mb, 30 * mb: 45 * mb, 40 * mb: 60 * mb, 400 * mb: 780 * mb} {
		if got := cli.LimitFor(live); got != want {
			t.Errorf("%d MB live: a limit of %d MB, want %d", live/mb, got/mb, want/mb)
		}
	}
}

// TestLimitFollows: what a collection finds alive counts at once, and afterwards nothing is left of the limit. It is the
// process's, so no other test runs beside this one.
func TestLimitFollows(t *testing.T) { //nolint:paralleltest // see above
	const size = 200 << 20
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		cli.BoundMemory(ctx)
	}()
	for debug.SetMemoryLimit(-1) == math.MaxInt64 {
		runtime.Gosched()
	}
	held := make([]byte, size)
	for debug.SetMemoryLimit(-1) < cli.LimitFor(size) {
		runtime.GC()
	}
	runtime.KeepAlive(held)
	for debug.SetMemoryLimit(-1) >= cli.LimitFor(size) {
		runtime.GC()
	}
	cancel()
	<-done
	if left := debug.SetMemoryLimit(-1); left != math.MaxInt64 {
		t.Errorf("a limit of %d is left", left)
	}
}
