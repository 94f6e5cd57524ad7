package template

// Bounds of a template.
const (
	maxTemplate = 64 << 10 // bytes in a text with actions
	maxNodes    = 10_000   // nodes of its syntax tree
	maxOutput   = 1 << 20  // bytes that it writes
	maxValue    = 64 << 10 // bytes that one function returns
	maxWork     = 4 << 20  // bytes that all functions return together
)
