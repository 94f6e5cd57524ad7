package language

import (
	"cmp"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
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
	d.add(n.position, "%smust be %s, not %s", subject(tag), want, n.shown())
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
	if long := tag.Get("long"); long != "" {
		want += ", or a mapping such as " + long
	}
	d.addUnknown(n.position, n.text, known, "%smust be %s, not %s", subject(tag), want, quote(n.text))
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

// free returns a value of any kind, as JSON has it.
func (d *decoder) free(n *node) any {
	if d.visited++; d.visited >= maxVisited {
		return nil // value reports it, at the next value at the latest
	}
	switch n.kind {
	case isMapping:
		members := make(map[string]any, len(n.members))
		for _, m := range n.members {
			if _, ok := members[m.key]; ok {
				d.add(m.position, "the key %s appears twice", quote(m.key))
			}
			members[m.key] = d.free(m.value)
		}
		return members
	case isList:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = d.free(item)
		}
		return items
	case isBoolean:
		return strings.EqualFold(n.text, "true")
	case isNumber:
		if number, err := contract.DecodeJSON([]byte(n.text)); err == nil {
			return number
		}
	case isNull:
		return nil
	default:
	}
	return n.text
}
