package explain

import (
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// which says of which calls a rule is: " where a and b, except where c".
func which(all []scenario.Condition) string {
	hold, not := parts(all)
	var text string
	if len(hold) > 0 {
		text = " where " + list(hold, "and")
	}
	if len(not) > 0 {
		if text != "" {
			text += ","
		}
		text += " except where " + list(not, "or where")
	}
	return text
}

// conditions says what must hold, inside of other conditions.
func conditions(all []scenario.Condition) string {
	hold, not := parts(all)
	for _, text := range not {
		hold = append(hold, "it is not so that "+text)
	}
	return list(hold, "and")
}

// parts says what must hold, and what must not.
func parts(all []scenario.Condition) (hold, not []string) {
	for i := range all {
		c := &all[i]
		switch {
		case c.Not != nil:
			not = append(not, conditions(c.Not))
		case c.AnyOf != nil:
			hold = append(hold, either(c.AnyOf, len(all) > 1))
		default:
			hold = append(hold, condition(c))
		}
	}
	return hold, not
}

// either says that one of several groups must hold.
func either(groups [][]scenario.Condition, amongOthers bool) string {
	texts, plain := make([]string, len(groups)), true
	for i, group := range groups {
		texts[i] = conditions(group)
		plain = plain && len(group) == 1 && group[0].Field != ""
	}
	text := "either " + strings.Join(texts, ", or ")
	if plain {
		text = "either " + list(texts, "or")
	}
	switch {
	case len(groups) == 1:
		return texts[0]
	case amongOthers:
		return "(" + text + ")"
	}
	return text
}

// condition says what must hold of one field.
func condition(c *scenario.Condition) string {
	if c.Span != nil {
		return window(c.Span)
	}
	return field(c.Field) + " " + comparison(c)
}

// field names a field of a call in words.
func field(name string) string {
	for prefix, word := range map[string]string{
		scenario.ParameterPrefix: "the parameter ", scenario.HeaderPrefix: "the header ", scenario.StatePrefix: "the state ",
	} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return word + rest
		}
	}
	return "the " + name
}

// comparison says what a field must be.
func comparison(c *scenario.Condition) string {
	text := strings.Join(c.Values, "")
	switch c.Compare {
	case scenario.Glob:
		return glob(text)
	case scenario.Equals:
		return "is " + quote(text)
	case scenario.OneOf:
		return "is " + list(quotes(c.Values), "or")
	case scenario.Matches:
		return "matches the regular expression " + quote(text)
	case scenario.Greater:
		return "is " + beyond(text, "later", "greater") + " than " + text
	case scenario.Less:
		return "is " + beyond(text, "earlier", "less") + " than " + text
	case scenario.Absent:
		return "is not " + given(c.Field)
	case scenario.Present:
		return "is " + given(c.Field)
	}
	return "is " + c.Expected
}

// given is what a field is that is there.
func given(field string) string {
	if scenario.IsState(field) {
		return "set"
	}
	return "sent"
}

// beyond is the word for a limit that is a time, or for one that is a number.
func beyond(limit, asTime, asNumber string) string {
	if _, err := time.Parse(time.RFC3339, limit); err == nil {
		return asTime
	}
	return asNumber
}

// glob says what a glob matches; simple ones without its signs.
func glob(text string) string {
	middle := strings.Trim(text, "*")
	front, back := strings.HasPrefix(text, "*"), strings.HasSuffix(text, "*")
	switch {
	case strings.ContainsAny(middle, `*?\`):
		return "fits the glob " + quote(text)
	case middle == "" && front:
		return "has any value"
	case front && back:
		return "contains " + quote(middle)
	case front:
		return "ends with " + quote(middle)
	case back:
		return "begins with " + quote(middle)
	}
	return "is " + quote(text)
}

// window says when the sandbox's clock must stand.
func window(s *scenario.Span) string {
	var parts []string
	if s.Daily {
		parts = append(parts, "the time is between "+clock(s.From)+" and "+clock(s.To)+zone(s.Zone))
	}
	if !s.After.IsZero() {
		parts = append(parts, "the time is later than "+instant(s.After))
	}
	if !s.Before.IsZero() {
		parts = append(parts, "the time is earlier than "+instant(s.Before))
	}
	return list(parts, "and")
}

func clock(d time.Duration) string { return scenario.Moment{Daily: true, TimeOfDay: d}.String() }

// zone says where clocks show a time.
func zone(name string) string {
	if name == "" || name == "UTC" {
		return " UTC"
	}
	place := name[strings.LastIndex(name, "/")+1:]
	return " in " + strings.ReplaceAll(place, "_", " ")
}

func instant(t time.Time) string { return t.Format(time.RFC3339) }

// moment says when something ends: at the next midnight in Shanghai.
func moment(m scenario.Moment, zoneName string) string {
	switch {
	case !m.Daily:
		return "at " + instant(m.At)
	case m.TimeOfDay == 0:
		return "at the next midnight" + zone(zoneName)
	}
	return "at the next " + clock(m.TimeOfDay) + zone(zoneName)
}
