package cli

import "runtime/debug"

// startGOGC is how far the heap may grow while the server starts, in percent of what lives, as GOGC is.
const startGOGC = 400

// growForStart lets the heap grow further than usual while the server starts, and returns what ends that. Nearly all
// that a start allocates is garbage once the specs are read: to collect it half a dozen times on the way costs a sixth
// of the start. At its end it is collected once and given back to the system. GOMEMLIMIT holds all the time, and a heap
// that may grow further by GOGC keeps its own measure.
func growForStart() (started func()) {
	usual := debug.SetGCPercent(startGOGC)
	if usual < 0 || usual > startGOGC {
		debug.SetGCPercent(usual)
	}
	return func() {
		debug.SetGCPercent(usual)
		debug.FreeOSMemory()
	}
}
