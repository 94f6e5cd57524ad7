package language

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Schema returns the JSON Schema (draft 2020-12) of a scenario, for editors. It is made from the types that the decoder
// fills. It does not know the catalogue: only Decode can check whether a code is documented.
func Schema() ([]byte, error) {
	s := schema{meanings: meanings(), defs: map[string]any{}}
	root := s.object(reflect.TypeFor[scenarioDoc]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A Tokenstage scenario"
	root["$defs"] = s.defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// CallsSchema returns the JSON Schema of the calls with which a scenario is tried.
func CallsSchema() ([]byte, error) {
	s := schema{meanings: meanings(), defs: map[string]any{}}
	root := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Calls to try a Tokenstage scenario with",
		"type": "array", "items": s.ref(reflect.TypeFor[callDoc]()), "$defs": s.defs,
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

type schema struct {
	meanings map[string]string
	defs     map[string]any
}

type object = map[string]any

// nameOf returns the name of a type in the schema.
func nameOf(t reflect.Type) string { return strings.TrimSuffix(t.Name(), "Doc") }

// ref defines the type once and refers to it.
func (s schema) ref(t reflect.Type) object {
	name := nameOf(t)
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = nil // ends recursion
		s.defs[name] = s.definition(t)
	}
	return object{"$ref": "#/$defs/" + name}
}

// definition returns the schema of a type: a mapping, or for a type with a short form either of the two.
func (s schema) definition(t reflect.Type) object {
	d := newDocType(t)
	if len(d.keys) == 0 {
		return object{"type": []string{"object", "null"}, "maxProperties": 0}
	}
	if d.short == nil {
		return s.object(t)
	}
	short := s.value(d.short.Type, d.short.Tag)
	short["description"] = s.meaning(t, "")
	return object{"anyOf": []any{short, s.object(t)}}
}

func (s schema) object(t reflect.Type) object {
	d := newDocType(t)
	properties, required, dependent := object{}, []string{}, object{}
	groups := map[string][]string{}
	for _, field := range d.fields {
		key := field.Tag.Get("key")
		property := s.value(field.Type, field.Tag)
		property["description"] = s.meaning(t, "."+key)
		properties[key] = property
		if field.Tag.Get("required") != "" {
			required = append(required, key)
		}
		if needs := field.Tag.Get("needs"); needs != "" {
			dependent[key] = []string{needs}
		}
		if group := field.Tag.Get("exclusive"); group != "" {
			groups[group] = append(groups[group], key)
		}
	}
	made := object{"type": "object", "properties": properties, "additionalProperties": false}
	if d.others != nil {
		value, _ := d.others.Type.Elem().FieldByName("Value")
		made["additionalProperties"] = s.value(value.Type, "")
	}
	set(made, "required", required, len(required))
	set(made, "dependentRequired", dependent, len(dependent))
	exclusive := exclusivePairs(groups)
	set(made, "not", object{"anyOf": exclusive}, len(exclusive))
	switch d.filled {
	case "":
	case anyKey:
		made["minProperties"] = 1
	default:
		made["anyOf"] = requireEach(strings.Split(d.filled, ","))
	}
	return made
}

func set(made object, key string, value any, length int) {
	if length > 0 {
		made[key] = value
	}
}

// requireEach returns, for each key, the schema of objects that have it.
func requireEach(keys []string) []any {
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = object{"required": []string{key}}
	}
	return list
}

// exclusivePairs returns the schemas of objects that have two keys that exclude each other.
func exclusivePairs(groups map[string][]string) []any {
	var list []any
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		keys := groups[group]
		for i := range keys {
			for j := range i {
				list = append(list, object{"required": []string{keys[j], keys[i]}})
			}
		}
	}
	return list
}

// meaning returns the description of a key. The keys that a step over a quota shares with a step of a script are
// described once, for the latter.
func (s schema) meaning(t reflect.Type, key string) string {
	if text, ok := s.meanings[nameOf(t)+key]; ok {
		return text
	}
	return s.meanings[nameOf(reflect.TypeFor[stepDoc]())+key]
}

func (s schema) value(t reflect.Type, tag reflect.StructTag) object {
	if t == reflect.TypeFor[anyValue]() {
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem(), tag)
	case reflect.Struct:
		return s.ref(t)
	case reflect.Slice:
		return s.list(t, tag)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return bounded(object{"type": "integer"}, tag, "minimum", "maximum")
	case reflect.Float64:
		return bounded(object{"type": "number"}, tag, "minimum", "maximum")
	default:
		return text(tag)
	}
}

func (s schema) list(t reflect.Type, tag reflect.StructTag) object {
	if tag.Get("mapping") != "" {
		value, _ := t.Elem().FieldByName("Value")
		return object{"type": "object", "additionalProperties": s.value(value.Type, "")}
	}
	items := s.value(t.Elem(), tagOfItems(tag))
	list := bounded(object{"type": "array", "items": items}, tag, "minItems", "maxItems")
	if tag.Get("single") == "" {
		return list
	}
	return object{"anyOf": []any{items, list}}
}

// text returns the schema of a text. Like the decoder it also accepts numbers and booleans, except for forms that these
// cannot have.
func text(tag reflect.StructTag) object {
	if enum := tag.Get("enum"); enum != "" {
		return object{"enum": strings.Split(enum, ",")}
	}
	made := formOf(tag.Get("form"))
	if made != nil {
		made["title"] = titleOf(tag.Get("form"))
		return made
	}
	made = bounded(object{"type": []string{"string", "number", "boolean"}}, tag, "minLength", "maxLength")
	set(made, "pattern", tag.Get("pattern"), len(tag.Get("pattern")))
	if form := tag.Get("form"); form != "" {
		made["title"] = titleOf(form)
	}
	return made
}

// titleOf says what a form is, as messages do.
func titleOf(form string) string {
	_, want := (&decoder{report: newReport(nil)}).isOfForm(form, "")
	want, _, _ = strings.Cut(want, " (") // what was wrong with this text
	return want
}

// formOf is the schema of a form; nil for one that a pattern cannot describe.
func formOf(form string) object {
	switch form {
	case "duration":
		return object{"type": "string", "pattern": `^(0|([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+)$`}
	case "rate":
		return object{"type": "string", "pattern": `^[1-9][0-9]*/(s|m|h|d|second|minute|hour|day)$`}
	case "span":
		return object{"type": "string", "pattern": `^([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h|d))+$`}
	case "clock":
		return object{"type": "string", "pattern": clockPattern.String()}
	case "instant":
		return object{"type": "string", "format": "date-time"}
	case "moment":
		return object{"type": "string", "anyOf": []any{
			object{"pattern": clockPattern.String()}, object{"format": "date-time"},
		}}
	case "bandwidth":
		return object{"type": "string", "pattern": bandwidthPattern.String()}
	}
	return nil
}

// bounded adds the bounds of a tag under the names that they have for the type.
func bounded(made object, tag reflect.StructTag, low, high string) object {
	for key, name := range map[string]string{"min": low, "above": "exclusiveMinimum", "max": high} {
		if number, err := strconv.ParseFloat(tag.Get(key), 64); err == nil {
			made[name] = number
		}
	}
	return made
}
