package language

import (
	"fmt"
	"reflect"
	"regexp/syntax"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// checkForm checks that a text is what the form in its tag says.
func (d *decoder) checkForm(n *node, tag reflect.StructTag) bool {
	form := tag.Get("form")
	if form == "" {
		return true
	}
	ok, want := d.isOfForm(form, n.text)
	if !ok {
		d.addUnknown(n.position, n.text, namesOfForm(form), "%smust be %s, not %s", subject(tag), want, quote(n.text))
	}
	return ok
}

// isOfForm reports whether a text has a form, and what that form is.
func (d *decoder) isOfForm(form, text string) (ok bool, want string) {
	switch form {
	case "regexp":
		err := d.checkRegexp(text)
		return err == nil, fmt.Sprintf("a regular expression (%v)", err)
	case "glob":
		err := d.checkRegexp(globExpression(text))
		return err == nil, fmt.Sprintf("a glob (%v)", err)
	case "duration":
		_, ok = parseDuration(text)
		return ok, "a time from 0s to 1h such as 150ms or 2s"
	case "rate":
		_, ok = parseRate(text)
		return ok, "calls per second, minute, hour or day, such as 500/s or 1000/d"
	case "limit":
		_, ok = parseLimit(text)
		return ok, "a number or a time such as 2030-01-31T00:00:00Z"
	case "bandwidth":
		_, ok = parseBandwidth(text)
		return ok, "bytes a second such as 500B/s, 2KB/s or 1MB/s"
	}
	return isOfTime(form, text)
}

// namesOfForm are texts of a form that are likely meant by one that is near to them.
func namesOfForm(form string) []string {
	if form != "zone" {
		return nil
	}
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Chicago", "America/Los_Angeles",
		"America/New_York", "America/Sao_Paulo", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
		"Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Asia/Urumqi",
		"Australia/Sydney", "Europe/Berlin", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris",
		"Pacific/Auckland",
	}
}

// isOfTime is isOfForm for the forms that are about times.
func isOfTime(form, text string) (ok bool, want string) {
	switch form {
	case "span":
		_, ok = parseSpan(text)
		return ok, "a time above 0s, up to 3650d, such as 30s, 10m or 2d"
	case "offset":
		_, ok = parseOffset(text)
		return ok, "a time since the start such as 0s or 1h30m, or a time such as 2030-01-31T00:00:00Z"
	case "clock":
		_, ok = parseClock(text)
		return ok, "a time of day from 00:00 to 23:59 such as 06:30"
	case "instant":
		_, ok = parseInstant(text)
		return ok, "a time such as 2030-01-31T00:00:00Z"
	case "moment":
		_, ok = parseMoment(text)
		return ok, "a time of day such as 00:00 or a time such as 2030-01-31T00:00:00Z"
	case "zone":
		_, err := scenario.Zone(text)
		return err == nil, "a time zone of the IANA database such as UTC or Asia/Shanghai"
	}
	return false, "of a form that the language does not know"
}

// checkRegexp checks a regular expression, and that those of the document are not too many together.
func (d *decoder) checkRegexp(text string) error {
	if _, err := syntax.Parse(text, syntax.Perl); err != nil {
		return err
	}
	if d.program += instructionsOf(text); d.program > maxProgram {
		return fmt.Errorf("the expressions of the document together compile to more than %d steps", maxProgram)
	}
	return nil
}
