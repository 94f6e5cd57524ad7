package language

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// conditions makes the conditions on one field, one for each key that was written.
func (c *checker) conditions(field string, written *conditionDoc) []scenario.Condition {
	var list []scenario.Condition
	add := func(key, expected string, test func(text string) bool) {
		if written.has(key) {
			list = append(list, scenario.Condition{
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
	// The decoder has compiled the expression before.
	add("matches", "a match of "+written.Matches, regexp.MustCompile(written.Matches).MatchString)
	add("gt", "greater than "+written.Gt, compareWith(written.Gt, 1))
	add("lt", "less than "+written.Lt, compareWith(written.Lt, -1))
	if written.Absent && len(list) > 0 {
		c.add(written.of("absent"), "what is absent has no text to compare; leave out the other keys")
	}
	if written.has("absent") {
		list = append(list, presenceCondition(field, written.Absent))
	}
	return list
}

func presenceCondition(field string, absent bool) scenario.Condition {
	expected := "present"
	if absent {
		expected = "absent"
	}
	return scenario.Condition{Field: field, Expected: expected, Test: func(_ string, present bool) bool {
		return present != absent
	}}
}

// globPattern turns a glob into a regular expression that matches whole texts. The star also matches slashes, since the
// values are topics and URLs more often than paths.
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
	if escaped { // a last backslash stands for itself
		b.WriteString(`\\`)
	}
	return regexp.MustCompile(b.String() + `\z`) // every glob makes a good expression
}

// compareWith makes the test whether a text lies above (side 1) or below (side -1) a limit. The limit is a number or a
// time; a text of the other kind is neither above nor below it.
func compareWith(text string, side int) func(string) bool {
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
