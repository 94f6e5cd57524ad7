//go:build !unix

package listen

// descriptorLimit is not known where a process has no such limit.
func descriptorLimit() (limit int, known bool) { return 0, false }
