package mcptools

import (
	"fmt"
	"strings"
)

const (
	// maxText is how many bytes are shown of a body or a message, and of each string to sign twice as many.
	maxText = 4 << 10
	// maxValue is how many bytes are shown of a header or another single value.
	maxValue = 512
	// maxRows is how many rows an answer lists.
	maxRows = 50
)

// cut shortens a text to its first bytes, and says so.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + fmt.Sprintf("… (the first %d of %d bytes)", most, len(text))
}

// first returns the first elements of a list, never nil, and how many others there are.
func first[T any](list []T, most int) (shown []T, more int) {
	shown = list[:min(len(list), most)]
	if shown == nil {
		shown = []T{}
	}
	return shown, len(list) - len(shown)
}
