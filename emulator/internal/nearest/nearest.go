// Package nearest finds the known name that somebody most likely meant who mistyped one.
package nearest

import (
	"fmt"
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"
)

// maxLength is the length in bytes of the longest name that is compared: the cost grows with its square.
const maxLength = 100

// Name returns the known name with the fewest letters to add, drop, replace or swap with their neighbour, and the first
// of several. It is empty when in every name more than a third would have to change. Upper and lower case count as the
// same, except between names that are equally near.
func Name(word string, known []string) string {
	if len(word) > maxLength {
		return ""
	}
	found, least, leastExact := "", maxLength, 0
	for _, name := range known {
		if len(name) > maxLength {
			continue
		}
		distance := edlib.OSADamerauLevenshteinDistance(strings.ToLower(word), strings.ToLower(name))
		if distance > least || distance > (max(len(word), len(name))+1)/3 {
			continue
		}
		if exact := edlib.OSADamerauLevenshteinDistance(word, name); distance < least || exact < leastExact {
			found, least, leastExact = name, distance, exact
		}
	}
	return found
}

// Dotted is Name for names with dots, such as "onsmqtt.ApplyToken": where none is near as a whole, it goes by what
// stands behind the last dot.
func Dotted(word string, known []string) string {
	last := func(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
	ends := make([]string, len(known))
	for i, name := range known {
		if ends[i] = last(name); ends[i] == word {
			return name
		}
	}
	if name := Name(word, known); name != "" {
		return name
	}
	end := Name(last(word), ends)
	if end == "" {
		return ""
	}
	return known[slices.Index(ends, end)]
}

// Ask adds to what was said the question whether a name was meant. Where that is empty it adds nothing.
func Ask(said, meant string) string {
	if meant == "" {
		return said
	}
	return fmt.Sprintf("%s; did you mean %q?", said, meant)
}
