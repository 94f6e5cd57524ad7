package journal

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// shortestGiven is how long a text is at least that one call gives and another sends: ids, codes and tokens are.
const shortestGiven = 20

// Uses tells for each of some records, the oldest first, which earlier ones gave something that it sends: a code, a
// token, an id. It goes by the texts as they came, so it holds for every API and for what nobody may see.
func Uses(records []Record) [][]int {
	givers := map[string]int{}
	uses := make([][]int, len(records))
	for i, r := range records {
		var e Entry
		if record.Read(r.kept.Data, &e) != nil {
			continue // one that cannot be read uses nothing
		}
		sent := map[string]bool{}
		runs(sent, e.Request.URL, e.Request.Body)
		for _, values := range e.Request.Headers {
			runs(sent, values...)
		}
		for text := range sent {
			if giver, ok := givers[text]; ok && !slices.Contains(uses[i], giver) {
				uses[i] = append(uses[i], giver)
			}
		}
		slices.Sort(uses[i])
		given := map[string]bool{}
		runs(given, e.Response.Body)
		for text := range given {
			if _, known := givers[text]; !known && !sent[text] {
				givers[text] = i
			}
		}
	}
	return uses
}

// runs adds the runs of letters in texts that are long enough to be given on, as they came and decoded.
func runs(into map[string]bool, texts ...string) {
	for _, text := range texts {
		for _, one := range []string{text, decoded(text)} {
			for run := range strings.FieldsFuncSeq(one, func(r rune) bool { return !ofToken(r) }) {
				if len(run) >= shortestGiven {
					into[run] = true
				}
			}
		}
	}
}

// ofToken tells whether tokens have such a letter: those of base64, hex and ids. The "=" at the end of base64 stands
// between names and values too, so it counts for nothing.
func ofToken(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+/_-.", r)
}
