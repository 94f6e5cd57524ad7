package language

import "github.com/tokenstage/tokenstage/emulator/internal/contract"

// checker turns what was written into a Scenario and checks it against the catalogue. Its result must not be used once
// a problem was reported.
type checker struct {
	*report
	catalogue *contract.Catalogue
	sampled   int // bytes that bodies wrote and their functions returned
}
