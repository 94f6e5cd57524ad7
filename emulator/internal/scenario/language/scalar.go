package language

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// scalar fills a text, a number or a boolean and checks it against the tag.
func (d *decoder) scalar(n *node, into reflect.Value, tag reflect.StructTag) {
	before := d.texts
	if d.texts += len(n.text); d.texts > maxText {
		if before <= maxText {
			d.add(n.position, "the texts of the document have more than %d bytes, aliases counted each time", maxText)
		}
		return
	}
	switch into.Kind() {
	case reflect.String:
		d.text(n, into, tag)
	case reflect.Bool:
		if n.kind != isBoolean {
			d.wrongKind(n, tag, "true or false")
			return
		}
		into.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.Int:
		number, err := strconv.Atoi(n.text)
		if d.number(n, float64(number), err, "a whole number", tag) {
			into.SetInt(int64(number))
		}
	case reflect.Float64:
		number, err := strconv.ParseFloat(n.text, 64)
		if d.number(n, number, err, "a number", tag) {
			into.SetFloat(number)
		}
	default:
	}
}

// number reports a number that could not be read, or that lies outside of the tag's bounds.
func (d *decoder) number(n *node, number float64, err error, want string, tag reflect.StructTag) bool {
	if n.kind != isNumber || err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		d.wrongKind(n, tag, want)
		return false
	}
	return d.checkBounds(n, number, tag)
}

func (d *decoder) wrongKind(n *node, tag reflect.StructTag, want string) {
	got := string(n.kind)
	switch n.kind {
	case isText:
		got = "the text " + quote(n.text)
	case isNumber, isBoolean:
		got = n.text
	default:
	}
	d.add(n.position, "%smust be %s, not %s", subject(tag), want, got)
}

// subject names what a message is about; "this" stands for entries of lists and mappings, which have no name.
func subject(tag reflect.StructTag) string {
	if key := tag.Get("key"); key != "" {
		return strconv.Quote(key) + " "
	}
	return cmp.Or(tag.Get("called"), "this") + " "
}

// text fills a text. It also accepts numbers and booleans, as written, so that codes such as 401 need no quotes.
func (d *decoder) text(n *node, into reflect.Value, tag reflect.StructTag) {
	if n.kind == isMapping || n.kind == isList || n.kind == isNull {
		d.wrongKind(n, tag, "text")
		return
	}
	if enum := tag.Get("enum"); enum != "" && !d.oneOf(n, strings.Split(enum, ","), tag) {
		return
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile(pattern).MatchString(n.text) {
		d.add(n.position, "%smust match %s, not %s", subject(tag), pattern, quote(n.text))
		return
	}
	if !d.length(n.position, utf8.RuneCountInString(n.text), tag, "characters") || !d.checkForm(n, tag) {
		return
	}
	into.SetString(n.text)
}

func (d *decoder) oneOf(n *node, known []string, tag reflect.StructTag) bool {
	if slices.Contains(known, n.text) {
		return true
	}
	want := strings.Join(known, ", ")
	if len(known) > 1 {
		want = "one of " + want
	}
	d.addMeant(n.position, nearest.Name(n.text, known), "%smust be %s, not %s", subject(tag), want, quote(n.text))
	return false
}

// length checks the length of a list or text against the tag's bounds.
func (d *decoder) length(at position, length int, tag reflect.StructTag, unit string) bool {
	low, high := bound(tag, "min", 0), bound(tag, "max", math.Inf(1))
	switch {
	case float64(length) < low:
		d.add(at, "%shas %d %s, at least %v are needed", subject(tag), length, unit, low)
	case float64(length) > high:
		d.add(at, "%shas %d %s, at most %v are allowed", subject(tag), length, unit, high)
	default:
		return true
	}
	return false
}

// checkBounds checks a number against the tag's bounds.
func (d *decoder) checkBounds(n *node, number float64, tag reflect.StructTag) bool {
	low, above, high := bound(tag, "min", math.Inf(-1)), bound(tag, "above", math.Inf(-1)), bound(tag, "max", math.Inf(1))
	switch {
	case number < low:
		d.add(n.position, "%smust be at least %s, not %s", subject(tag), tag.Get("min"), n.text)
	case number <= above:
		d.add(n.position, "%smust be above %s, not %s", subject(tag), tag.Get("above"), n.text)
	case number > high:
		d.add(n.position, "%smust be at most %s, not %s", subject(tag), tag.Get("max"), n.text)
	default:
		return true
	}
	return false
}

func bound(tag reflect.StructTag, name string, otherwise float64) float64 {
	if number, err := strconv.ParseFloat(tag.Get(name), 64); err == nil {
		return number
	}
	return otherwise
}

// checkForm checks that a text is a duration, rate, limit or regular expression, as its tag says.
func (d *decoder) checkForm(n *node, tag reflect.StructTag) bool {
	var ok bool
	var want string
	switch tag.Get("form") {
	case "regexp":
		err := d.checkRegexp(n.text)
		ok = err == nil
		want = fmt.Sprintf("a regular expression (%v)", err)
	case "duration":
		_, ok = parseDuration(n.text)
		want = "a time from 0s to 1h such as 150ms or 2s"
	case "rate":
		_, ok = parseRate(n.text)
		want = "calls per second, minute, hour or day, such as 500/s or 1000/d"
	case "limit":
		_, ok = parseLimit(n.text)
		want = "a number or a time such as 2030-01-31T00:00:00Z"
	default:
		return true
	}
	if !ok {
		d.add(n.position, "%smust be %s, not %s", subject(tag), want, quote(n.text))
	}
	return ok
}

// expression checks a regular expression. The bound is on compiled expressions, since repetitions such as x{1000} make
// long ones of short texts.
func (d *decoder) checkRegexp(text string) error {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return err
	}
	compiled, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return err
	}
	if d.program += len(compiled.Inst); d.program > maxProgram {
		return fmt.Errorf("the expressions of the document together compile to more than %d steps", maxProgram)
	}
	return nil
}
