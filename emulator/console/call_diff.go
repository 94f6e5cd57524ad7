package console

import (
	"slices"
	"strings"
)

// comparison is two texts with their differences marked, line by line.
type comparison struct {
	Lines []linePair
	// First is the number of the first line that differs; zero for none.
	First int
	// Same says that nothing differs in what is shown: a masked secret hides it.
	Same bool
}

// linePair is the line of one text beside that of the other. Number counts from one.
type linePair struct {
	Number      int
	Left, Right []piece
	// OnlyLeft and OnlyRight say that the other text has no such line.
	OnlyLeft, OnlyRight bool
	Differs             bool
}

// piece is a run of a line that is the same in both texts, or differs.
type piece struct {
	Text    string
	Differs bool
}

// compareTexts aligns the lines of two texts and marks where they part.
func compareTexts(left, right string) comparison {
	a, b := strings.Split(left, "\n"), strings.Split(right, "\n")
	c := comparison{Same: left == right}
	for _, pair := range align(a, b) {
		line := linePair{Number: len(c.Lines) + 1, OnlyLeft: pair.b < 0, OnlyRight: pair.a < 0}
		switch {
		case line.OnlyLeft:
			line.Left = []piece{{a[pair.a], true}}
		case line.OnlyRight:
			line.Right = []piece{{b[pair.b], true}}
		default:
			line.Left, line.Right = differences(a[pair.a], b[pair.b])
		}
		line.Differs = line.OnlyLeft || line.OnlyRight || a[pair.a] != b[pair.b]
		if line.Differs && c.First == 0 {
			c.First = line.Number
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

// sides is a comparison with the names of its sides.
type sides struct {
	*comparison

	Left, Right string
}

func compared(c *comparison, left, right string) sides { return sides{c, left, right} }

// pairing is the number of a line in each of two texts, -1 for none.
type pairing struct{ a, b int }

// maxAligned bounds the work of aligning; texts with more lines are compared in their order.
const maxAligned = 300

// align pairs equal lines by their longest common subsequence, and those between in their order: a header that one side
// lacks does not shift all that comes after it.
func align(a, b []string) []pairing {
	var pairs []pairing
	i, j := 0, 0
	for _, equal := range append(common(a, b), pairing{len(a), len(b)}) {
		for i < equal.a && j < equal.b {
			pairs = append(pairs, pairing{i, j})
			i, j = i+1, j+1
		}
		for ; i < equal.a; i++ {
			pairs = append(pairs, pairing{i, -1})
		}
		for ; j < equal.b; j++ {
			pairs = append(pairs, pairing{-1, j})
		}
		if i < len(a) && j < len(b) {
			pairs = append(pairs, equal)
			i, j = i+1, j+1
		}
	}
	return pairs
}

// common are the lines of a longest common subsequence.
func common(a, b []string) (pairs []pairing) {
	if len(a) > maxAligned || len(b) > maxAligned {
		return nil
	}
	longest := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, pairing{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

const (
	// maxGap is how far two lines may part before the rest of both counts as different, and rejoined how many
	// characters must be the same for them to have met again.
	maxGap   = 48
	rejoined = 6
	// maxDifferences bounds the work of comparing.
	maxDifferences = 100
)

// differences cuts two lines into runs that are the same and runs that differ.
func differences(left, right string) (a, b []piece) {
	l, r := []rune(left), []rune(right)
	for len(l) > 0 || len(r) > 0 {
		n := 0
		for n < len(l) && n < len(r) && l[n] == r[n] {
			n++
		}
		if n < len(l) || n < len(r) {
			n -= insideEscape(l[:n])
		}
		if n > 0 {
			a, b = append(a, piece{string(l[:n]), false}), append(b, piece{string(r[:n]), false})
			l, r = l[n:], r[n:]
		}
		if len(l) == 0 && len(r) == 0 {
			break
		}
		i, j := len(l), len(r)
		if len(a) < 2*maxDifferences {
			i, j = rejoin(l, r)
		}
		a, b = append(a, piece{string(l[:i]), true}), append(b, piece{string(r[:j]), true})
		l, r = l[i:], r[j:]
	}
	return a, b
}

// insideEscape is how many of the last characters belong to an escape that goes on, so that "%20" and "%2B" differ as a
// whole.
func insideEscape(text []rune) int {
	for back := 1; back <= min(2, len(text)); back++ {
		if text[len(text)-back] == '%' {
			return back
		}
	}
	return 0
}

// rejoin is how much of each text to pass over until both go on alike.
func rejoin(l, r []rune) (int, int) {
	for sum := 1; sum <= 2*maxGap; sum++ {
		for i := max(0, sum-maxGap); i <= min(sum, maxGap); i++ {
			if j := sum - i; i <= len(l) && j <= len(r) && alike(l[i:], r[j:]) {
				return i, j
			}
		}
	}
	return len(l), len(r)
}

// alike tells whether two texts begin the same, or both end here.
func alike(l, r []rune) bool {
	n := min(rejoined, len(l), len(r))
	return (n == rejoined || len(l) == len(r)) && slices.Equal(l[:n], r[:n])
}
