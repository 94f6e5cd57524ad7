package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditions are the comparisons of one field; each key that was written makes one.
func (c *checker) conditions(field string, written *conditionDoc) []Condition {
	var list []Condition
	add := func(expected string, test func(text string) bool) {
		list = append(list, Condition{Field: field, Expected: expected, Test: func(text string, present bool) bool {
			return present && test(text)
		}})
	}
	if written.has("") {
		pattern, err := globPattern(written.Glob)
		if err != nil {
			c.add(written.of(""), "%s is no glob: %v", quote(written.Glob), err)
			return nil
		}
		add("a glob "+written.Glob, pattern.MatchString)
	}
	if written.has("equals") {
		add("equal to "+written.Equals, func(text string) bool { return text == written.Equals })
	}
	if written.has("oneOf") {
		add("one of "+strings.Join(written.OneOf, ", "), func(text string) bool {
			return slices.Contains(written.OneOf, text)
		})
	}
	if written.has("matches") {
		pattern, err := regexp.Compile(written.Matches)
		if err != nil {
			c.add(written.of("matches"), "%s is no regular expression: %v", quote(written.Matches), err)
			return nil
		}
		add("a match of "+written.Matches, pattern.MatchString)
	}
	if written.has("gt") {
		add("greater than "+written.Gt, beyond(written.Gt, 1))
	}
	if written.has("lt") {
		add("less than "+written.Lt, beyond(written.Lt, -1))
	}
	if written.Absent && len(written.at) > 1 {
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
func globPattern(glob string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, letter := range glob {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(letter)))
			escaped = false
		case letter == '\\':
			escaped = true
		case letter == '*':
			b.WriteString(`.*`)
		case letter == '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(letter)))
		}
	}
	if escaped {
		return nil, errors.New("it ends in a backslash")
	}
	b.WriteString(`\z`)
	pattern, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("compile it: %w", err)
	}
	return pattern, nil
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
