package scenario

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
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// scalar fills a text, number or switch and holds it to the tag.
func (f *fields) scalar(n *node, into reflect.Value, tag reflect.StructTag) {
	before := f.texts
	if f.texts += len(n.text); f.texts > maxText {
		if before <= maxText {
			f.add(n.place, "the texts of the document have more than %d bytes, aliases counted each time", maxText)
		}
		return
	}
	switch into.Kind() {
	case reflect.String:
		f.text(n, into, tag)
	case reflect.Bool:
		if n.kind != isBoolean {
			f.wrongKind(n, tag, "true or false")
			return
		}
		into.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.Int:
		number, err := strconv.Atoi(n.text)
		if f.number(n, float64(number), err, "a whole number", tag) {
			into.SetInt(int64(number))
		}
	case reflect.Float64:
		number, err := strconv.ParseFloat(n.text, 64)
		if f.number(n, number, err, "a number", tag) {
			into.SetFloat(number)
		}
	default:
	}
}

// number reports a number that could not be read or lies beyond the tag's bounds.
func (f *fields) number(n *node, number float64, err error, want string, tag reflect.StructTag) bool {
	if n.kind != isNumber || err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		f.wrongKind(n, tag, want)
		return false
	}
	return f.within(n, number, tag)
}

func (f *fields) wrongKind(n *node, tag reflect.StructTag, want string) {
	got := string(n.kind)
	switch n.kind {
	case isText:
		got = "the text " + quote(n.text)
	case isNumber, isBoolean:
		got = n.text
	default:
	}
	f.add(n.place, "%smust be %s, not %s", subject(tag), want, got)
}

// subject names what a message is about; the entries of lists and mappings have no name.
func subject(tag reflect.StructTag) string {
	if key := tag.Get("key"); key != "" {
		return strconv.Quote(key) + " "
	}
	return cmp.Or(tag.Get("called"), "this") + " "
}

// text takes numbers and true or false as they are written: codes such as 401 need no quotes.
func (f *fields) text(n *node, into reflect.Value, tag reflect.StructTag) {
	if n.kind == isMapping || n.kind == isList || n.kind == isNull {
		f.wrongKind(n, tag, "text")
		return
	}
	if enum := tag.Get("enum"); enum != "" && !f.oneOf(n, strings.Split(enum, ","), tag) {
		return
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile(pattern).MatchString(n.text) {
		f.add(n.place, "%smust match %s, not %s", subject(tag), pattern, quote(n.text))
		return
	}
	if !f.length(n.place, utf8.RuneCountInString(n.text), tag, "characters") || !f.form(n, tag) {
		return
	}
	into.SetString(n.text)
}

func (f *fields) oneOf(n *node, known []string, tag reflect.StructTag) bool {
	if slices.Contains(known, n.text) {
		return true
	}
	want := strings.Join(known, ", ")
	if len(known) > 1 {
		want = "one of " + want
	}
	f.addMeant(n.place, nearest.Name(n.text, known), "%smust be %s, not %s", subject(tag), want, quote(n.text))
	return false
}

// length holds a list or text to the tag's bounds.
func (f *fields) length(at place, length int, tag reflect.StructTag, unit string) bool {
	low, high := bound(tag, "min", 0), bound(tag, "max", math.Inf(1))
	switch {
	case float64(length) < low:
		f.add(at, "%shas %d %s, at least %v are needed", subject(tag), length, unit, low)
	case float64(length) > high:
		f.add(at, "%shas %d %s, at most %v are taken", subject(tag), length, unit, high)
	default:
		return true
	}
	return false
}

// within holds a number to the tag's bounds.
func (f *fields) within(n *node, number float64, tag reflect.StructTag) bool {
	low, above, high := bound(tag, "min", math.Inf(-1)), bound(tag, "above", math.Inf(-1)), bound(tag, "max", math.Inf(1))
	switch {
	case number < low:
		f.add(n.place, "%smust be at least %s, not %s", subject(tag), tag.Get("min"), n.text)
	case number <= above:
		f.add(n.place, "%smust be above %s, not %s", subject(tag), tag.Get("above"), n.text)
	case number > high:
		f.add(n.place, "%smust be at most %s, not %s", subject(tag), tag.Get("max"), n.text)
	default:
		return true
	}
	return false
}

func bound(tag reflect.StructTag, name string, without float64) float64 {
	if number, err := strconv.ParseFloat(tag.Get(name), 64); err == nil {
		return number
	}
	return without
}

// form holds a text to the form of its tag.
func (f *fields) form(n *node, tag reflect.StructTag) bool {
	var ok bool
	var want string
	switch tag.Get("form") {
	case "regexp":
		err := f.expression(n.text)
		ok = err == nil
		want = fmt.Sprintf("a regular expression (%v)", err)
	case "duration":
		_, ok = parseDuration(n.text)
		want = "a time from 0s to 1h such as 150ms or 2s"
	case "rate":
		_, _, ok = parseRate(n.text)
		want = "calls per second, minute, hour or day, such as 500/s or 1000/d"
	case "limit":
		_, ok = parseLimit(n.text)
		want = "a number or a time such as 2030-01-31T00:00:00Z"
	default:
		return true
	}
	if !ok {
		f.add(n.place, "%smust be %s, not %s", subject(tag), want, quote(n.text))
	}
	return ok
}

// expression reads a regular expression. Repetitions make much of a short one.
func (f *fields) expression(text string) error {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return err
	}
	compiled, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return err
	}
	if f.program += len(compiled.Inst); f.program > maxProgram {
		return fmt.Errorf("those of the document repeat so much that they take more than %d steps", maxProgram)
	}
	return nil
}

// maxDelay is the longest time that a reply can wait.
const maxDelay = time.Hour

func parseDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0 && d <= maxDelay
}

// parseRate reads "500/s".
func parseRate(text string) (calls int, per time.Duration, ok bool) {
	count, unit, _ := strings.Cut(text, "/")
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	calls, err := strconv.Atoi(count)
	per = units[unit]
	return calls, per, err == nil && calls >= 1 && calls <= 1_000_000 && per > 0
}
