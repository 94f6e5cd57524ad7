package language

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// when makes the conditions of a mapping: those on fields, then now, not and anyOf.
func (c *checker) when(written *whenDoc, in *scope) []scenario.Condition {
	if c.compared += len(written.Fields) + 1; c.compared > maxConditions {
		if c.compared-len(written.Fields)-1 <= maxConditions {
			c.add(written.position, "the document has more than %d conditions, aliases counted each time", maxConditions)
		}
		return nil
	}
	var list []scenario.Condition
	for i := range written.Fields {
		w := &written.Fields[i]
		c.field(w.Name, w.Position, in.ops)
		list = append(list, c.conditions(w.Name, &w.Value)...)
	}
	if written.Now != nil {
		list = append(list, c.now(written.Now, in))
	}
	if written.Not != nil {
		c.filled(written.Not, "not")
		not := c.when(written.Not, in)
		list = append(list, scenario.Condition{Not: not, Expected: "not that " + allText(not)})
	}
	if len(written.AnyOf) > 0 {
		either := scenario.Condition{}
		texts := make([]string, len(written.AnyOf))
		for i := range written.AnyOf {
			c.filled(&written.AnyOf[i], "anyOf")
			group := c.when(&written.AnyOf[i], in)
			either.AnyOf, texts[i] = append(either.AnyOf, group), allText(group)
		}
		either.Expected = strings.Join(texts, ", or ")
		list = append(list, either)
	}
	return list
}

// filled reports a group without conditions.
func (c *checker) filled(written *whenDoc, key string) {
	if len(written.at) == 0 && !written.broken {
		c.add(written.position, "%q needs a condition", key)
	}
}

// allText describes conditions that hold together.
func allText(all []scenario.Condition) string {
	texts := make([]string, len(all))
	for i, condition := range all {
		texts[i] = condition.Text()
	}
	return shorten(strings.Join(texts, " and "))
}

// shorten bounds a description, which those of conditions inside of others repeat.
func shorten(text string) string {
	const limit = 400
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}

// now makes the condition on the sandbox's clock.
func (c *checker) now(written *nowDoc, in *scope) scenario.Condition {
	span := &scenario.Span{}
	var texts []string
	if len(written.Between) == 2 {
		span.Daily, span.Zone = true, cmp.Or(written.Zone, in.zone)
		span.From, _ = parseClock(written.Between[0])
		span.To, _ = parseClock(written.Between[1])
		texts = append(texts, "between "+written.Between[0]+" and "+written.Between[1]+" "+cmp.Or(span.Zone, "UTC"))
		if span.From == span.To && !written.broken {
			c.add(written.of("between"), "no time lies between %s and %s", written.Between[0], written.Between[1])
		}
	}
	span.After, _ = parseInstant(written.Gt)
	span.Before, _ = parseInstant(written.Lt)
	if written.has("gt") {
		texts = append(texts, "later than "+written.Gt)
	}
	if written.has("lt") {
		texts = append(texts, "earlier than "+written.Lt)
	}
	if !span.After.IsZero() && !span.Before.IsZero() && !span.After.Before(span.Before) {
		c.add(written.of("lt"), "no time is later than %s and earlier than %s", written.Gt, written.Lt)
	}
	return scenario.Condition{Field: scenario.NowField, Span: span, Expected: strings.Join(texts, ", ")}
}

// conditions makes the conditions on one field, one for each key that was written.
func (c *checker) conditions(field string, written *conditionDoc) []scenario.Condition {
	var list []scenario.Condition
	add := func(key, expected string, test func(text string) bool, values ...string) {
		if written.has(key) {
			list = append(list, scenario.Condition{
				Field: field, Compare: cmp.Or(scenario.Comparison(key), scenario.Glob), Values: values, Expected: expected,
				Test: func(text string, present bool) bool { return present && test(text) },
			})
		}
	}
	match := func(key, expected, expression, value string) {
		if written.has(key) { // the decoder has compiled the expression before
			add(key, expected, regexp.MustCompile(expression).MatchString, value)
			last := &list[len(list)-1]
			last.Longest, last.Weight = maxMatched, instructionsOf(expression)*instructionWeight
		}
	}
	match("", "a glob "+written.Glob, globExpression(written.Glob), written.Glob)
	add("equals", "equal to "+written.Equals, func(text string) bool { return text == written.Equals }, written.Equals)
	add("oneOf", "one of "+strings.Join(written.OneOf, ", "), func(text string) bool {
		return slices.Contains(written.OneOf, text)
	}, written.OneOf...)
	match("matches", "a match of "+written.Matches, written.Matches, written.Matches)
	add("gt", "greater than "+written.Gt, compareWith(written.Gt, 1), written.Gt)
	add("lt", "less than "+written.Lt, compareWith(written.Lt, -1), written.Lt)
	if written.Absent && len(list) > 0 {
		c.add(written.of("absent"), "what is absent has no text to compare; leave out the other keys")
	}
	if written.has("absent") {
		list = append(list, presenceCondition(field, written.Absent))
	}
	return list
}

func presenceCondition(field string, absent bool) scenario.Condition {
	expected := scenario.Present
	if absent {
		expected = scenario.Absent
	}
	return scenario.Condition{
		Field: field, Compare: expected, Expected: string(expected),
		Test: func(_ string, present bool) bool { return present != absent },
	}
}

// instructionWeight is what one instruction of an expression takes in memory, in bytes, about.
const instructionWeight = 100

// instructionsOf is how many instructions a regular expression is compiled to: repetitions such as x{1000} make many of
// a short text. An expression that is not good has none.
func instructionsOf(expression string) int {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return 0
	}
	compiled, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0
	}
	return len(compiled.Inst)
}

// globExpression turns a glob into a regular expression that matches whole texts. The star also matches slashes, since
// the values are topics and URLs more often than paths. Every glob makes a good expression.
func globExpression(glob string) string {
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
	return b.String() + `\z`
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
