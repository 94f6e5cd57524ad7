package cli

import "strings"

// maxSlips is how many letters may differ between what was typed and what was meant.
const maxSlips = 2

// nearest returns the known name that was probably meant, or nothing.
func nearest(typed string, known []string) string {
	best, least := "", maxSlips+1
	for _, name := range known {
		_, short, _ := strings.Cut(name, ".")
		for _, form := range []string{name, short} {
			if d := distance(typed, form); form != "" && d < least {
				best, least = name, d
			}
		}
	}
	return best
}

// distance is Levenshtein's: how many letters to add, drop or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
