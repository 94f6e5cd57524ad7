package cli_test

import (
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
