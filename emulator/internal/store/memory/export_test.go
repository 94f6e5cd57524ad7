package memory

// Held returns the bytes that a memory counts for values, logs and marks.
func Held(m *Memory) [3]int64 {
	return [3]int64{m.usage.values.Load(), m.usage.logs.Load(), m.usage.marks.Load()}
}
