package console

import (
	"regexp"
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

// sides is a comparison with the names of its sides.
type sides struct {
	*comparison

	Left, Right string
}

func compared(c *comparison, left, right string) sides { return sides{c, left, right} }

// compareTexts pairs the lines of two texts, so that a header that one side lacks does not shift all that comes after
// it, and marks where they part.
func compareTexts(left, right string) comparison {
	c := comparison{Same: left == right}
	for _, run := range runs(strings.Split(left, "\n"), strings.Split(right, "\n"), 1) {
		for i := range max(len(run.left), len(run.right)) {
			line := linePair{OnlyLeft: i >= len(run.right), OnlyRight: i >= len(run.left), Differs: run.differs}
			switch {
			case line.OnlyLeft:
				line.Left = []piece{{run.left[i], true}}
			case line.OnlyRight:
				line.Right = []piece{{run.right[i], true}}
			default:
				line.Left, line.Right = comparePieces(run.left[i], run.right[i])
			}
			c.add(line)
		}
	}
	return c
}

func (c *comparison) add(line linePair) {
	line.Number = len(c.Lines) + 1
	c.Lines = append(c.Lines, line)
	if line.Differs && c.First == 0 {
		c.First = line.Number
	}
}

// textToken is what counts as one in a line: a word or number, an escape as a whole, also one that is escaped again, or
// another character. "%20" and "%2B" have nothing in common, and "2026" and "2027" neither.
var textToken = regexp.MustCompile(`(?s)%25[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|[\pL\pN_]+|.`)

// rejoined is how much must be the same for two lines to have met again: one word, or some short tokens in a row.
const rejoined = 6

// comparePieces marks where two lines differ, token by token.
func comparePieces(left, right string) (a, b []piece) {
	for _, run := range runs(textToken.FindAllString(left, -1), textToken.FindAllString(right, -1), rejoined) {
		a = append(a, piece{strings.Join(run.left, ""), run.differs})
		b = append(b, piece{strings.Join(run.right, ""), run.differs})
	}
	return a, b
}

// run is what follows each other in two sequences and is the same, or differs.
type run struct {
	left, right []string
	differs     bool
}

const (
	// maxGap is how far two sequences may part before the rest of both counts as different, and maxRuns how often: they
	// bound the work of comparing.
	maxGap  = 48
	maxRuns = 200
)

// runs cuts two sequences into what is the same and what differs between; they have met again where so much is alike.
func runs(l, r []string, met int) (all []run) {
	for len(l) > 0 || len(r) > 0 {
		n := 0
		for n < len(l) && n < len(r) && l[n] == r[n] {
			n++
		}
		if n > 0 {
			all = append(all, run{l[:n], r[:n], false})
			l, r = l[n:], r[n:]
			continue
		}
		i, j := len(l), len(r)
		if len(all) < maxRuns {
			i, j = meet(l, r, met)
		}
		all = append(all, run{l[:i], r[:j], true})
		l, r = l[i:], r[j:]
	}
	return all
}

// meet is how much of each sequence to pass over until both go on alike.
func meet(l, r []string, met int) (int, int) {
	for sum := 1; sum <= 2*maxGap; sum++ {
		for i := max(0, sum-maxGap); i <= min(sum, maxGap); i++ {
			if j := sum - i; i <= len(l) && j <= len(r) && alike(l[i:], r[j:], met) {
				return i, j
			}
		}
	}
	return len(l), len(r)
}

// alike tells whether two sequences begin the same, up to a length of met in which each element counts for one more, or
// both end here.
func alike(l, r []string, met int) bool {
	for i, length := 0, 0; length < met; i++ {
		if i == len(l) || i == len(r) {
			return len(l) == len(r)
		}
		if l[i] != r[i] {
			return false
		}
		length += len(l[i]) + 1
	}
	return true
}
