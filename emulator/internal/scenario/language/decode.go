package language

import "reflect"

// decoder fills the types in types.go from a tree of nodes.
type decoder struct {
	*report
	visited int // values so far
	texts   int // bytes of texts so far
	program int // instructions of regular expressions so far
	types   map[reflect.Type]docType
}

// decode fills the value that into points to.
func (d *decoder) decode(n *node, into any) {
	d.value(n, reflect.ValueOf(into).Elem(), "")
}

// value fills one value. The tag is the tag of the struct field that holds it.
func (d *decoder) value(n *node, into reflect.Value, tag reflect.StructTag) {
	if d.visited++; d.visited >= maxVisited {
		if d.visited == maxVisited {
			d.add(n.position, "the document holds more than %d values, aliases counted each time", maxVisited)
		}
		return
	}
	if n.kind == isBroken {
		return
	}
	if free, ok := into.Addr().Interface().(*anyValue); ok {
		free.value = d.free(n)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, into.Elem(), tag)
	case reflect.Struct:
		d.object(n, into)
	case reflect.Slice:
		if tag.Get("mapping") != "" {
			d.mapping(n, into, tag)
			return
		}
		d.list(n, into, tag)
	default:
		d.scalar(n, into, tag)
	}
}

// object fills a struct: from a mapping by its keys, or from a plain value by its short form.
func (d *decoder) object(n *node, into reflect.Value) {
	known := d.typeOf(into.Type())
	seen, before := keyPositions{position: n.position, at: map[string]position{}}, d.found
	if doc, ok := into.Addr().Interface().(interface{ setPositions(keyPositions) }); ok {
		defer func() {
			seen.broken = d.found > before
			doc.setPositions(seen)
		}()
	}
	switch {
	case n.kind == isMapping:
		d.members(n, into, known, seen)
		if !known.isFilled(n) {
			d.add(n.position, "%s needs one of %s", known.name, known.oneOf())
		}
		d.require(known, seen)
	case n.kind == isNull && len(known.keys) == 0:
	case n.kind != isList && n.kind != isNull && known.short != nil:
		seen.at[""] = n.position
		d.value(n, into.FieldByIndex(known.short.Index), known.short.Tag)
	default:
		d.wrongShape(n, known)
	}
}

// wrongShape reports a value that is neither the mapping nor the short form of a type.
func (d *decoder) wrongShape(n *node, known docType) {
	switch {
	case n.kind == isNull && known.short != nil:
		d.add(n.position, "%s is missing here", known.name)
	case len(known.keys) == 0:
		d.add(n.position, "%s takes nothing behind it, not %s; write %s or %s: {}", known.name, n.shown(), known.name,
			known.name)
	default:
		d.add(n.position, "%s must be %s, not %s", known.name, known.shape(), n.kind)
	}
}

func (d *decoder) members(n *node, into reflect.Value, known docType, seen keyPositions) {
	for _, m := range n.members {
		field, ok := known.field(m.key)
		if !ok && known.others == nil {
			d.unknownKey(m, known)
			continue
		}
		if seen.has(m.key) {
			d.add(m.position, "the key %s appears twice in %s", quote(m.key), known.name)
			continue
		}
		seen.at[m.key] = m.value.position
		if !ok {
			d.other(m, into.FieldByIndex(known.others.Index))
			continue
		}
		d.value(m.value, into.FieldByIndex(field.Index), field.Tag)
	}
}

// other appends a member that no key names to the list of such members.
func (d *decoder) other(m member, into reflect.Value) {
	into.Set(reflect.Append(into, reflect.Zero(into.Type().Elem())))
	d.named(m, into.Index(into.Len()-1))
}

// named fills a named value.
func (d *decoder) named(m member, into reflect.Value) {
	into.FieldByName("Name").SetString(m.key)
	into.FieldByName("Position").Set(reflect.ValueOf(m.position))
	d.value(m.value, into.FieldByName("Value"), "")
}

// unknownKey suggests the nearest key, or lists all of them where none is near.
func (d *decoder) unknownKey(m member, known docType) {
	meant := d.nearest(m.key, known.keys)
	if list, entry := d.listOf(m.key, known); list != "" {
		d.add(m.position, "%q is no key of %s; it is one of %s, an entry of %q", m.key, known.name, entry, list)
		return
	}
	if meant == "" {
		d.add(m.position, "unknown key %s in %s, which takes %s", quote(m.key), known.name, known.list())
		return
	}
	d.addMeant(m.position, meant, "unknown key %s in %s", quote(m.key), known.name)
}

// listOf finds the list of a type whose entries have a key that the type itself has not, and what an entry is called.
func (d *decoder) listOf(key string, known docType) (list, entry string) {
	for _, field := range known.fields {
		if t := field.Type; t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			of := d.typeOf(t.Elem())
			if _, ok := of.field(key); ok {
				return field.Tag.Get("key"), of.name
			}
		}
	}
	return "", ""
}

// require reports missing keys, and keys that exclude each other.
func (d *decoder) require(known docType, seen keyPositions) {
	groups := map[string]string{}
	for _, field := range known.fields {
		key := field.Tag.Get("key")
		if !seen.has(key) {
			if field.Tag.Get("required") != "" {
				d.add(seen.position, "%s needs the key %q", known.name, key)
			}
			continue
		}
		if needs := field.Tag.Get("needs"); needs != "" && !seen.has(needs) {
			d.add(seen.of(key), "%q has no meaning without %q", key, needs)
		}
		group := field.Tag.Get("exclusive")
		if other := groups[group]; group != "" && other != "" {
			first, second := other, key
			if seen.of(second).before(seen.of(first)) {
				first, second = second, first
			}
			d.add(seen.of(second), "%q and %q exclude each other", first, second)
		}
		groups[group] = key
	}
}

func (d *decoder) mapping(n *node, into reflect.Value, tag reflect.StructTag) {
	if n.kind != isMapping {
		d.add(n.position, "%q must be a mapping, not %s", tag.Get("key"), n.kind)
		return
	}
	seen := map[string]bool{}
	into.Set(reflect.MakeSlice(into.Type(), len(n.members), len(n.members)))
	for i, m := range n.members {
		if seen[m.key] {
			d.add(m.position, "the key %s appears twice in %q", quote(m.key), tag.Get("key"))
		}
		seen[m.key] = true
		d.named(m, into.Index(i))
	}
}

func (d *decoder) list(n *node, into reflect.Value, tag reflect.StructTag) {
	items := n.items
	switch {
	case n.kind == isList:
	case tag.Get("single") != "" && n.kind != isMapping && n.kind != isNull:
		items = []*node{n}
	default:
		d.add(n.position, "%q must be a list, not %s", tag.Get("key"), n.kind)
		return
	}
	if !d.length(n.position, len(items), tag, "entries") {
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		d.value(item, into.Index(i), tagOfItems(tag))
	}
}

// tagOfItems is the tag of the entries of a list.
func tagOfItems(list reflect.StructTag) reflect.StructTag {
	if form := list.Get("items"); form != "" {
		return reflect.StructTag(`called:"an entry of ` + list.Get("key") + `" form:"` + form + `"`)
	}
	return ""
}

// typeOf returns what the tags of a type say, which it reads once for each document.
func (d *decoder) typeOf(t reflect.Type) docType {
	if _, ok := d.types[t]; !ok {
		d.types[t] = newDocType(t)
	}
	return d.types[t]
}
