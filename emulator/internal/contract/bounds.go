package contract

import "fmt"

// Bounds of a JSON text, far above what any of the APIs takes. What is decoded is many times larger than its text, and
// holding it to a spec costs more still.
const (
	maxNesting = 64
	maxValues  = 50_000
)

// bounded looks at the marks between values alone; whether the text is JSON is for the decoder to tell.
func bounded(raw []byte) error {
	depth, values := 0, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += textEnd(raw[i+1:])
		case '{', '[':
			depth, values = depth+1, values+1
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if depth > maxNesting {
			return fmt.Errorf("is not JSON within bounds: it is nested more than %d deep", maxNesting)
		}
	}
	if values > maxValues {
		return fmt.Errorf("is not JSON within bounds: it has more than %d values", maxValues)
	}
	return nil
}

// textEnd is how far it is to behind the quote that ends a text.
func textEnd(rest []byte) int {
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++ // an escaped quote ends nothing
		case '"':
			return i + 1
		}
	}
	return len(rest)
}
