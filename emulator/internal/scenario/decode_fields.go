package scenario

import (
	"reflect"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// fields fills the types of the language from a tree.
type fields struct {
	*report
	visited int
	texts   int // bytes
	program int // instructions of regular expressions
	known   map[reflect.Type]language
}

// What a document can grow to, aliases of aliases counted each time: a short one could else be a long work.
const (
	maxVisited = 50_000    // values
	maxText    = 512 << 10 // bytes of texts
	maxProgram = 20_000    // instructions of regular expressions
)

// decode fills what into points to.
func (f *fields) decode(n *node, into any) {
	f.value(n, reflect.ValueOf(into).Elem(), "")
}

// value fills one place of the types. The tag is that of the field that holds it.
func (f *fields) value(n *node, into reflect.Value, tag reflect.StructTag) {
	if f.visited++; f.visited >= maxVisited {
		if f.visited == maxVisited {
			f.add(n.place, "the document holds more than %d values, aliases counted each time", maxVisited)
		}
		return
	}
	if n.kind == isBroken {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		f.value(n, into.Elem(), tag)
	case reflect.Struct:
		f.object(n, into)
	case reflect.Slice:
		if tag.Get("mapping") != "" {
			f.mapping(n, into, tag)
			return
		}
		f.list(n, into, tag)
	default:
		f.scalar(n, into, tag)
	}
}

// object fills a struct: from a mapping by its keys, from a plain value by its short form.
func (f *fields) object(n *node, into reflect.Value) {
	known := f.language(into.Type())
	seen, before := marks{place: n.place, at: map[string]place{}}, len(f.problems)
	if marked, ok := into.Addr().Interface().(interface{ mark(marks) }); ok {
		defer func() {
			seen.broken = len(f.problems) > before
			marked.mark(seen)
		}()
	}
	switch {
	case n.kind == isMapping:
		f.members(n, into, known, seen)
		if !known.isFilled(n) {
			f.add(n.place, "%s needs one of %s", known.name, known.oneOf())
		}
		f.require(known, seen)
	case n.kind == isNull && len(known.keys) == 0:
	case n.kind != isList && n.kind != isNull && known.short != nil:
		seen.at[""] = n.place
		f.value(n, into.FieldByIndex(known.short.Index), known.short.Tag)
	case n.kind == isNull && known.short != nil:
		f.add(n.place, "%s is missing here", known.name)
	default:
		f.add(n.place, "%s must be a mapping of %s, not %s", known.name, known.list(), n.kind)
	}
}

func (f *fields) members(n *node, into reflect.Value, known language, seen marks) {
	for _, m := range n.members {
		field, ok := known.field(m.key)
		if !ok {
			meant := nearest.Name(m.key, known.keys)
			if meant == "" {
				f.add(m.place, "unknown key %s in %s, which takes %s", quote(m.key), known.name, known.list())
				continue
			}
			f.addMeant(m.place, meant, "unknown key %s in %s", quote(m.key), known.name)
			continue
		}
		if seen.has(m.key) {
			f.add(m.place, "the key %s stands twice in %s", quote(m.key), known.name)
			continue
		}
		seen.at[m.key] = m.value.place
		f.value(m.value, into.FieldByIndex(field.Index), field.Tag)
	}
}

// require holds the keys that are there against each other.
func (f *fields) require(known language, seen marks) {
	groups := map[string]string{}
	for _, field := range known.fields {
		key := field.Tag.Get("key")
		if !seen.has(key) {
			if field.Tag.Get("required") != "" {
				f.add(seen.place, "%s needs the key %q", known.name, key)
			}
			continue
		}
		if needs := field.Tag.Get("needs"); needs != "" && !seen.has(needs) {
			f.add(seen.of(key), "%q has no meaning without %q", key, needs)
		}
		group := field.Tag.Get("apart")
		if other := groups[group]; group != "" && other != "" {
			first, second := other, key
			if seen.of(second).before(seen.of(first)) {
				first, second = second, first
			}
			f.add(seen.of(second), "%q and %q exclude each other", first, second)
		}
		groups[group] = key
	}
}

func (f *fields) mapping(n *node, into reflect.Value, tag reflect.StructTag) {
	if n.kind != isMapping {
		f.add(n.place, "%q must be a mapping, not %s", tag.Get("key"), n.kind)
		return
	}
	seen := map[string]bool{}
	into.Set(reflect.MakeSlice(into.Type(), len(n.members), len(n.members)))
	for i, m := range n.members {
		if seen[m.key] {
			f.add(m.place, "the key %s stands twice in %q", quote(m.key), tag.Get("key"))
		}
		seen[m.key] = true
		into.Index(i).FieldByName("Name").SetString(m.key)
		into.Index(i).FieldByName("Place").Set(reflect.ValueOf(m.place))
		f.value(m.value, into.Index(i).FieldByName("Value"), "")
	}
}

func (f *fields) list(n *node, into reflect.Value, tag reflect.StructTag) {
	items := n.items
	switch {
	case n.kind == isList:
	case tag.Get("single") != "" && n.kind != isMapping && n.kind != isNull:
		items = []*node{n}
	default:
		f.add(n.place, "%q must be a list, not %s", tag.Get("key"), n.kind)
		return
	}
	if !f.length(n.place, len(items), tag, "entries") {
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		f.value(item, into.Index(i), "")
	}
}

// language is what a type of the language takes.
type language struct {
	name   string
	keys   []string
	fields []reflect.StructField
	short  *reflect.StructField
	filled string
}

// language reads the tags of each type once a document.
func (f *fields) language(t reflect.Type) language {
	if _, ok := f.known[t]; !ok {
		f.known[t] = languageOf(t)
	}
	return f.known[t]
}

// languageOf reads the tags of a type.
func languageOf(t reflect.Type) language {
	var l language
	for _, field := range reflect.VisibleFields(t) {
		switch {
		case field.Name == "marks":
			l.name = field.Tag.Get("called")
			l.filled = field.Tag.Get("filled")
		case field.Tag.Get("short") != "":
			l.short = &field
		case field.Tag.Get("key") != "":
			l.keys = append(l.keys, field.Tag.Get("key"))
			l.fields = append(l.fields, field)
		}
	}
	return l
}

func (l language) field(key string) (reflect.StructField, bool) {
	for _, field := range l.fields {
		if field.Tag.Get("key") == key {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// oneOf lists the keys of which one must be there.
func (l language) oneOf() string {
	if l.filled == anyKey {
		return l.list()
	}
	return strings.ReplaceAll(l.filled, ",", ", ")
}

const anyKey = "*"

// isFilled takes any key for "any": a wrong one was reported already.
func (l language) isFilled(n *node) bool {
	if l.filled == anyKey {
		return len(n.members) > 0
	}
	return l.filled == "" || slices.ContainsFunc(n.members, func(m member) bool {
		return slices.Contains(strings.Split(l.filled, ","), m.key)
	})
}

func (l language) list() string {
	if len(l.keys) == 0 {
		return "no keys"
	}
	return strings.Join(l.keys, ", ")
}
