//go:build unix

package listen

import (
	"math"
	"syscall"
)

// descriptorLimit is how many files this process may have open: what Go's start left of RLIMIT_NOFILE, which raises the
// soft limit to the hard one.
func descriptorLimit() (limit int, known bool) {
	var has syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &has) != nil {
		return 0, false
	}
	return int(min(uint64(has.Cur), math.MaxInt32)), true //nolint:gosec,unconvert // it is an int64 on some systems
}
