package console

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// place is where a call stands in a list over all sandboxes. The newest by real time is first, since the clocks of
// sandboxes have nothing in common. It names a call: two of one place are the same.
type place struct {
	arrived int64 // in nanoseconds
	seq     uint64
	sandbox string
}

func placeOf(s journal.Summary) place { return place{s.Arrived.UnixNano(), s.Seq, s.Sandbox} }

// readPlace reads what String wrote. Anything else is the zero place, before all calls.
func readPlace(text string) (p place) {
	if _, err := fmt.Sscanf(strings.ReplaceAll(text, "_", " "), "%d %d %s", &p.arrived, &p.seq, &p.sandbox); err != nil {
		return place{}
	}
	return p
}

// String writes the place for addresses and for the ids of rows. No id of a sandbox holds "_".
func (p place) String() string { return fmt.Sprintf("%d_%d_%s", p.arrived, p.seq, p.sandbox) }

// compare is negative when p is nearer to the top of the list.
func (p place) compare(q place) int {
	if p == (place{}) || q == (place{}) {
		return cmp.Compare(len(p.sandbox), len(q.sandbox))
	}
	return cmp.Or(cmp.Compare(q.arrived, p.arrived), cmp.Compare(p.sandbox, q.sandbox), cmp.Compare(q.seq, p.seq))
}
