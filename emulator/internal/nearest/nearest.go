// Package nearest finds the known name that somebody most likely meant.
package nearest

import (
	"math"
	"strings"
)

// longest is how many bytes of a name are compared; a longer one is near to nothing.
const longest = 100

// Name returns the known name that is nearest to a word, or nothing where none is near. A third of the letters may
// differ, and upper and lower case count as equal.
func Name(word string, known []string) string {
	if len(word) > longest {
		return ""
	}
	found, best := "", math.MaxInt
	for _, name := range known {
		if len(name) > longest {
			continue
		}
		distance := edits([]rune(strings.ToLower(word)), []rune(strings.ToLower(name)))
		if distance > (max(len(word), len(name))+1)/3 {
			continue
		}
		if distance < best {
			best, found = distance, name
		}
	}
	return found
}

// edits counts the letters to add, drop, replace or swap with their neighbour to turn a into b.
func edits(a, b []rune) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range a {
		current[0] = i + 1
		for j := range b {
			replace := previous[j]
			if a[i] != b[j] {
				replace++
			}
			current[j+1] = min(previous[j+1]+1, current[j]+1, replace)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
