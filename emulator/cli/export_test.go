package cli

// LimitFor is exported for the tests.
var (
	LimitFor    = limitFor
	BoundMemory = boundMemory
)
