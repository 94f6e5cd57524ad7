// Package nearest finds the known name that somebody most likely meant who mistyped one.
package nearest

import (
	"strings"

	edlib "github.com/hbollon/go-edlib"
)

// maxLength is the length in bytes of the longest name that is compared: the cost grows with its square.
const maxLength = 100

// Name returns the known name with the fewest letters to add, drop, replace or swap with their neighbour, and the first
// of several. It is empty when in every name more than a third would have to change. Upper and lower case count as the
// same.
func Name(word string, known []string) string {
	if len(word) > maxLength {
		return ""
	}
	found, least := "", maxLength
	for _, name := range known {
		if len(name) > maxLength {
			continue
		}
		distance := edlib.OSADamerauLevenshteinDistance(strings.ToLower(word), strings.ToLower(name))
		if distance < least && distance <= (max(len(word), len(name))+1)/3 {
			found, least = name, distance
		}
	}
	return found
}
