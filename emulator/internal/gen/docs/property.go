package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// property is a part of a JSON Schema that the reference prints.
type property struct {
	Description string              `json:"description"`
	Title       string              `json:"title"`
	Properties  map[string]property `json:"properties"`
	// Others is what the members may be that Properties does not name, false for nothing.
	Others     json.RawMessage     `json:"additionalProperties"`
	AnyOf      []property          `json:"anyOf"`
	Required   []string            `json:"required"`
	Defs       map[string]property `json:"$defs"`
	Ref        string              `json:"$ref"`
	Type       types               `json:"type"`
	Enum       []string            `json:"enum"`
	Items      *property           `json:"items"`
	Pattern    string              `json:"pattern"`
	MinItems   int                 `json:"minItems"`
	MaxItems   int                 `json:"maxItems"`
	MinLength  int                 `json:"minLength"`
	MaxLength  int                 `json:"maxLength"`
	Minimum    *float64            `json:"minimum"`
	Maximum    *float64            `json:"maximum"`
	Above      *float64            `json:"exclusiveMinimum"`
	MaxMembers *int                `json:"maxProperties"`
	// Needs are the keys that each key needs beside it.
	Needs map[string][]string `json:"dependentRequired"`
	// Not holds the pairs of keys that exclude each other.
	Not *property `json:"not"`
}

// definitions are the types that others refer to.
type definitions map[string]property

// types are the types of a value: one, or a list.
type types []string

// UnmarshalJSON reads one type, or a list.
func (t *types) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// others is what members may be that the schema does not name; false where there can be none.
func (p property) others() (property, bool) {
	var other property
	if len(p.Others) == 0 || string(p.Others) == "false" || json.Unmarshal(p.Others, &other) != nil {
		return property{}, false
	}
	return other, true
}

// values says in words what a value can be, as Markdown.
func (d definitions) values(p property) string {
	switch {
	case p.Ref != "":
		name := p.Ref[strings.LastIndex(p.Ref, "/")+1:]
		if d[name].MaxMembers != nil {
			return "nothing, or `{}`"
		}
		return link(name)
	case len(p.Enum) > 0:
		return codes(p.Enum)
	case p.Title != "":
		return escape(p.Title)
	case len(p.AnyOf) > 0:
		return d.either(p)
	case p.Items != nil:
		return d.list(p)
	case slices.Contains(p.Type, "object"):
		return d.mapping(p)
	}
	return p.scalar()
}

// scalar says what a value can be that holds no others.
func (p property) scalar() string {
	if len(p.Type) > 1 {
		return p.text()
	}
	switch strings.Join(p.Type, "") {
	case "":
		return "anything"
	case "boolean":
		return "`true`, `false`"
	case "integer":
		return "a whole number" + p.bounds()
	case "number":
		return "a number" + p.bounds()
	}
	return p.text()
}

func (d definitions) either(p property) string {
	ways := make([]string, len(p.AnyOf))
	for i, way := range p.AnyOf {
		ways[i] = d.values(way)
	}
	return strings.Join(ways, ", or ")
}

func (d definitions) list(p property) string {
	text := "a list"
	switch {
	case p.MinItems > 0 && p.MinItems == p.MaxItems:
		text += " of " + strconv.Itoa(p.MinItems)
	case p.MaxItems > 0:
		text += fmt.Sprintf(" of %d to %d", p.MinItems, p.MaxItems)
	}
	return text + ", each " + d.values(*p.Items)
}

func (d definitions) mapping(p property) string {
	if other, ok := p.others(); ok {
		return "a mapping of names, each to " + d.values(other)
	}
	return "a mapping"
}

func (p property) text() string {
	text := "text"
	switch {
	case p.MinLength > 0 && p.MaxLength > 0:
		text += fmt.Sprintf(" of %d to %d characters", p.MinLength, p.MaxLength)
	case p.MaxLength > 0:
		text += fmt.Sprintf(" of at most %d characters", p.MaxLength)
	case p.MinLength > 0:
		text += ", not empty"
	}
	if p.Pattern != "" {
		text += " like " + code(p.Pattern)
	}
	return text
}

// bounds says between which numbers a number lies.
func (p property) bounds() string {
	low, high := numberText(p.Minimum), numberText(p.Maximum)
	switch {
	case p.Above != nil && high != "":
		return " above " + numberText(p.Above) + ", up to " + high
	case p.Above != nil:
		return " above " + numberText(p.Above)
	case low != "" && high != "":
		return " from " + low + " to " + high
	case low != "":
		return " from " + low
	}
	return ""
}

func numberText(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// groups are the keys that exclude each other, each group of them sorted.
func (p property) groups() [][]string {
	if p.Not == nil {
		return nil
	}
	var groups [][]string
	for _, pair := range p.Not.AnyOf {
		i := slices.IndexFunc(groups, func(g []string) bool { return slices.Contains(g, pair.Required[0]) })
		if i < 0 {
			i, groups = len(groups), append(groups, []string{pair.Required[0]})
		}
		if !slices.Contains(groups[i], pair.Required[1]) {
			groups[i] = append(groups[i], pair.Required[1])
		}
	}
	return groups
}

// needed are the keys of which one must be there at least.
func (p property) needed() []string {
	var keys []string
	for _, form := range p.AnyOf {
		if form.Properties == nil && len(form.Required) == 1 {
			keys = append(keys, form.Required[0])
		}
	}
	return keys
}
