package memory

// Held is what a memory counts: values, logs, marks.
func Held(m *Memory) [3]int64 {
	return [3]int64{m.usage.values.Load(), m.usage.logs.Load(), m.usage.marks.Load()}
}
