package contract

import "fmt"

// Bounds of a JSON text, far above what any of the APIs takes. A decoded value takes many times the memory of its text,
// and checking it against a spec takes more still.
const (
	maxNesting = 64
	maxValues  = 50_000
)

// checkBounds counts brackets and commas without decoding. It does not check that the text is JSON.
func checkBounds(raw []byte) error {
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

// textEnd is the length of the rest of a string, including the quote that ends it.
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
