package template

// Bounds of a template.
const (
	maxTemplate = 64 << 10 // bytes of a text with actions
	maxNodes    = 10_000   // pieces of it
	maxOutput   = 1 << 20  // bytes that it writes
	maxValue    = 64 << 10 // bytes that one function returns
	maxWork     = 4 << 20  // bytes that all functions return together
)
