package control

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// maxDepth is deeper than any document nests what can be named in a problem.
const maxDepth = 8

// member is a member of an object in a document, or an element of a list.
type member struct {
	// path is where it stands, such as "credentials.acs[0]".
	path string
	// name is that of a member; empty for an element.
	name string
	// offset is the byte at which it begins.
	offset int64
	// known says that the type which the document is decoded into has such a member.
	known bool
	// of is the type of the object that it stands in; nil where anything may stand.
	of reflect.Type
}

// find returns the offset of what stands at a path; zero when nothing does. The document is good JSON.
func (d document) find(path string) int64 {
	found, _ := d.first(nil, func(m member) bool { return m.path == path })
	return found.offset
}

// unknown returns the first member that the type of into does not have. Names are compared as encoding/json does:
// letters may be of another case.
func (d document) unknown(into any) (member, bool) {
	return d.first(reflect.TypeOf(into), func(m member) bool { return !m.known })
}

// first walks a document up to the first member that is wanted. What stands behind a member of no type is all known.
func (d document) first(of reflect.Type, wanted func(member) bool) (member, bool) {
	w := walk{text: d, decoder: json.NewDecoder(bytes.NewReader(d)), wanted: wanted}
	w.value("", of, 0)
	return w.found, w.over
}

// walk reads a document until it finds what is wanted.
type walk struct {
	text    document
	decoder *json.Decoder
	wanted  func(member) bool
	found   member
	over    bool // found holds what was wanted
}

// value reads one value and reports whether to stop.
func (w *walk) value(path string, of reflect.Type, depth int) (stop bool) {
	if depth == maxDepth {
		var skipped json.RawMessage
		return w.decoder.Decode(&skipped) != nil
	}
	token, err := w.decoder.Token()
	if err != nil {
		return true
	}
	switch token {
	case json.Delim('{'):
		return w.members(path, of, depth)
	case json.Delim('['):
		return w.elements(path, of, depth)
	}
	return false
}

func (w *walk) members(path string, of reflect.Type, depth int) (stop bool) {
	for w.decoder.More() {
		offset := w.next()
		token, err := w.decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return true
		}
		inner := name
		if path != "" {
			inner = path + "." + name
		}
		kind, known := memberType(of, name)
		if w.take(member{inner, name, offset, known, of}) || w.value(inner, kind, depth+1) {
			return true
		}
	}
	_, err := w.decoder.Token()
	return err != nil
}

func (w *walk) elements(path string, of reflect.Type, depth int) (stop bool) {
	kind := elementType(of)
	for i := 0; w.decoder.More(); i++ {
		inner := path + "[" + strconv.Itoa(i) + "]"
		if w.take(member{inner, "", w.next(), true, nil}) || w.value(inner, kind, depth+1) {
			return true
		}
	}
	_, err := w.decoder.Token()
	return err != nil
}

// take keeps what is wanted.
func (w *walk) take(m member) bool {
	if w.wanted(m) {
		w.found, w.over = m, true
	}
	return w.over
}

// next is where the next token begins: the decoder counts to the end of the last one.
func (w *walk) next() int64 {
	offset := w.decoder.InputOffset()
	rest := w.text[offset:]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, ", \t\r\n")))
}

// memberType is the type of a member of an object that is decoded into a type; nil where anything may stand.
func memberType(of reflect.Type, name string) (member reflect.Type, known bool) {
	of = pointedTo(of)
	switch {
	case of == nil:
		return nil, true
	case of.Kind() == reflect.Map:
		return of.Elem(), true
	case of.Kind() != reflect.Struct:
		return nil, true // the decoder refuses an object in its place
	}
	for _, field := range reflect.VisibleFields(of) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag != "" && tag != "-" && strings.EqualFold(tag, name) {
			return field.Type, true
		}
	}
	if others, ok := of.FieldByName("AdditionalProperties"); ok { // as generated types call them
		return others.Type.Elem(), true
	}
	return nil, false
}

// memberNames are the names of the members of an object that is decoded into a type.
func memberNames(of reflect.Type) []string {
	var names []string
	if of = pointedTo(of); of == nil || of.Kind() != reflect.Struct {
		return nil
	}
	for _, field := range reflect.VisibleFields(of) {
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != "" && tag != "-" {
			names = append(names, tag)
		}
	}
	return names
}

func elementType(of reflect.Type) reflect.Type {
	of = pointedTo(of)
	if of == nil || of.Kind() != reflect.Slice {
		return nil
	}
	return of.Elem()
}

func pointedTo(of reflect.Type) reflect.Type {
	for of != nil && of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of
}
