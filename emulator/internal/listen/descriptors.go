package listen

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"os"
)

const (
	// maxReserved are the files that a process keeps for what is no connection: files that are read, traces that are sent.
	maxReserved = 16
	// minConnections is the least with which an address is of use.
	minConnections = 4
	// ownDescriptors are those of a listener beside its connections: its own, and one that it is about to refuse.
	ownDescriptors = 2
)

// Fit returns the limits that so many listeners can hold to within the files that this process may have open, since
// each connection is one. The log says what was reduced; the error says that there are too few.
func (l Limits) Fit(listeners int, log *slog.Logger) (Limits, error) {
	most, known := descriptorLimit()
	if !known {
		return l, nil
	}
	return l.fit(listeners, most, openDescriptors(), log)
}

// Spare is how many files this process may have open beside those of so many listeners that hold to the limits. It is
// below zero where they have to share what there is, and the greatest number where nothing says so.
func (l Limits) Spare(listeners int) int {
	most, known := descriptorLimit()
	if !known {
		return math.MaxInt
	}
	each := cmp.Or(l.Connections, MaxConnections) + maxRefusals + ownDescriptors
	return most - openDescriptors() - maxReserved - listeners*each
}

func (l Limits) fit(listeners, most, open int, log *slog.Logger) (Limits, error) {
	wanted := cmp.Or(l.Connections, MaxConnections)
	each := (most - open - maxReserved) / listeners
	if each >= wanted+maxRefusals+ownDescriptors {
		return l, nil
	}
	each -= ownDescriptors
	l.refusals = min(maxRefusals, max(each/4, 1))
	l.Connections = min(each-l.refusals, wanted)
	if l.Connections < min(minConnections, wanted) {
		return l, fmt.Errorf("this process may have %d files open (ulimit -n) and has %d: that is too few for connections "+
			"to %d addresses, which need %d", most, open, listeners,
			open+maxReserved+listeners*(ownDescriptors+minConnections+1))
	}
	if l.Connections < wanted {
		log.Warn("this process may have few files open (ulimit -n): each address takes fewer connections",
			"files", most, "connections", l.Connections, "wanted", wanted)
	}
	return l, nil
}

// openDescriptors counts the files that this process has open, as Linux, macOS and the BSDs list them.
func openDescriptors() int {
	const standard = 3 // input, output and error
	folder, err := os.Open("/dev/fd")
	if err != nil {
		return standard
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return standard
	}
	return len(names)
}
