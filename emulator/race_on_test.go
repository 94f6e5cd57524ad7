//go:build race

package emulator_test

// underRace says whether the race detector is at work, which multiplies what a call takes of the processor.
const underRace = true
