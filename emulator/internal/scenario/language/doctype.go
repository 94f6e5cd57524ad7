package language

import (
	"reflect"
	"slices"
	"strings"
)

// docType is what the struct tags of one type say.
type docType struct {
	// name is what messages call the type.
	name   string
	keys   []string
	fields []reflect.StructField // one for each key
	// short is the field that a plain value stands for, nil where there is none.
	short *reflect.StructField
	// others is the field of the members that no key names, nil where every member needs a known key.
	others *reflect.StructField
	// filled lists the keys of which at least one is required, separated by commas.
	filled string
}

// anyKey in the tag filled stands for all keys of the type.
const anyKey = "*"

func newDocType(t reflect.Type) docType {
	var d docType
	for _, field := range reflect.VisibleFields(t) {
		switch {
		case field.Name == "keyPositions":
			d.name = field.Tag.Get("called")
			d.filled = field.Tag.Get("filled")
		case field.Tag.Get("short") != "":
			d.short = &field
		case field.Tag.Get("others") != "":
			d.others = &field
		case field.Tag.Get("key") != "":
			d.keys = append(d.keys, field.Tag.Get("key"))
			d.fields = append(d.fields, field)
		}
	}
	return d
}

func (d docType) field(key string) (reflect.StructField, bool) {
	for _, field := range d.fields {
		if field.Tag.Get("key") == key {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// oneOf lists the keys of which at least one is required, for messages.
func (d docType) oneOf() string {
	if d.filled == anyKey {
		return d.list()
	}
	return strings.ReplaceAll(d.filled, ",", ", ")
}

// isFilled reports whether one of the required keys is there. Where any key is enough, an unknown one counts too,
// because it was reported already.
func (d docType) isFilled(n *node) bool {
	if d.filled == anyKey {
		return len(n.members) > 0
	}
	return d.filled == "" || slices.ContainsFunc(n.members, func(m member) bool {
		return slices.Contains(strings.Split(d.filled, ","), m.key)
	})
}

// list lists all keys, for messages.
func (d docType) list() string {
	if len(d.keys) == 0 {
		return "no keys"
	}
	return strings.Join(d.keys, ", ")
}

// shape is what a value of the type must be, for messages.
func (d docType) shape() string {
	if d.others != nil {
		return "a mapping"
	}
	return "a mapping of " + d.list()
}
