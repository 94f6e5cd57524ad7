package scenario

import (
	"maps"
	"math"
	"slices"
	"strings"
)

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// nearest is the known name that was most likely meant, empty where none is near: a third of it may differ, and
// letter case counts for nothing.
func nearest(word string, known []string) string {
	const longest = 100
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
