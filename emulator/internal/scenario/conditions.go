package scenario

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditions are the comparisons of one field; each key that was written makes one.
func (c *checker) conditions(field string, written *conditionDoc) []Condition {
	var list []Condition
	add := func(key, expected string, test func(text string) bool) {
		if written.has(key) {
			list = append(list, Condition{
				Field: field, Expected: expected,
				Test: func(text string, present bool) bool { return present && test(text) },
			})
		}
	}
	add("", "a glob "+written.Glob, globPattern(written.Glob).MatchString)
	add("equals", "equal to "+written.Equals, func(text string) bool { return text == written.Equals })
	add("oneOf", "one of "+strings.Join(written.OneOf, ", "), func(text string) bool {
		return slices.Contains(written.OneOf, text)
	})
	add("matches", "a match of "+written.Matches, regexp.MustCompile(written.Matches).MatchString) // decoded: it compiles
	add("gt", "greater than "+written.Gt, beyond(written.Gt, 1))
	add("lt", "less than "+written.Lt, beyond(written.Lt, -1))
	if written.Absent && len(list) > 0 {
		c.add(written.of("absent"), "what is absent has no text to compare; leave out the other keys")
	}
	if written.has("absent") {
		list = append(list, absence(field, written.Absent))
	}
	return list
}

func absence(field string, absent bool) Condition {
	expected := "present"
	if absent {
		expected = "absent"
	}
	return Condition{Field: field, Expected: expected, Test: func(_ string, present bool) bool {
		return present != absent
	}}
}

// globPattern turns a glob into the regular expression of its whole text. Slashes are letters like any other, since
// the values are topics and URLs more often than paths.
func globPattern(glob string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, letter := range glob {
		switch {
		case !escaped && letter == '\\':
			escaped = true
			continue
		case !escaped && letter == '*':
			b.WriteString(`.*`)
		case !escaped && letter == '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(letter)))
		}
		escaped = false
	}
	if escaped { // with nothing after it, a backslash is itself
		b.WriteString(`\\`)
	}
	return regexp.MustCompile(b.String() + `\z`) // any glob makes one that compiles
}

// limit is what gt and lt compare with: a number or a time.
type limit struct {
	number float64
	time   time.Time
	isTime bool
}

func parseLimit(text string) (limit, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return limit{time: t, isTime: true}, true
	}
	number, err := strconv.ParseFloat(text, 64)
	// Comparing with NaN would say no to everything, without a word.
	return limit{number: number}, err == nil && number == number
}

// beyond tests whether a text lies on that side of the limit: 1 above, -1 below. A text that is not of the limit's kind
// lies on neither.
func beyond(text string, side int) func(string) bool {
	bound, _ := parseLimit(text)
	return func(text string) bool {
		got, ok := parseLimit(text)
		switch {
		case !ok || got.isTime != bound.isTime:
			return false
		case bound.isTime:
			return got.time.Compare(bound.time) == side
		case side > 0:
			return got.number > bound.number
		}
		return got.number < bound.number
	}
}
