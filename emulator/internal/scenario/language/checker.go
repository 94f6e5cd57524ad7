package language

import "github.com/tokenstage/tokenstage/emulator/internal/contract"

// checker turns a decoded document into a Scenario and checks it against the catalogue. Its result must not be used
// when a problem was reported.
type checker struct {
	*report
	catalogue *contract.Catalogue
	sampled   int                              // bytes that bodies and their functions produced while they were checked
	compared  int                              // conditions so far
	states    map[string]bool                  // their names so far
	pers      map[string]bool                  // the fields of "per" so far
	fields    map[*contract.Operation][]string // by operation, of those that conditions looked at so far
}
