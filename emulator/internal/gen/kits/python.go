package main

import (
	"fmt"
	"slices"
	"strings"
)

const pythonHead = `# Code generated from openapi/control.yaml by go generate ./openapi/controlapi. DO NOT EDIT.
"""The types of the control API: what its JSON is, as dictionaries."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict
`

// pythonWidth is how long a line of Python is at most.
const pythonWidth = 120

// pythonTypes writes a TypedDict for each object, and an alias for each other schema. A member that may be absent
// stands in the class itself, one that is always there in a class before it: Python before 3.11 has no other way to say
// so.
func pythonTypes(schemas members) string {
	var out, aliases strings.Builder
	out.WriteString(pythonHead)
	for _, s := range schemas {
		if s.isObject() {
			pythonClass(&out, s)
			continue
		}
		for _, line := range wrapped(s.sentences(), pythonWidth-2) {
			fmt.Fprintf(&aliases, "# %s\n", line)
		}
		fmt.Fprintf(&aliases, "%s = %s\n", s.name, pythonType(s.schema))
	}
	// Aliases are evaluated where they stand, annotations of classes are not.
	return out.String() + "\n\n" + aliases.String()
}

// pythonWords are those that cannot be names (keyword.kwlist).
var pythonWords = strings.Fields(`
	False None True and as assert async await break class continue def del elif else except finally for from global if
	import in is lambda nonlocal not or pass raise return try while with yield`)

func isPythonWord(p member) bool { return slices.Contains(pythonWords, p.name) }

func pythonClass(out *strings.Builder, s member) {
	words := pythonWordMembers(out, s)
	s.Properties = slices.DeleteFunc(slices.Clone(s.Properties), isPythonWord)
	base := "TypedDict"
	if len(s.Required) > 0 && len(s.Required) < len(s.Properties) {
		base = "_" + s.name
		fmt.Fprintf(out, "\n\nclass %s(TypedDict):\n", base)
		pythonMembers(out, s, true)
	}
	total := ""
	if len(s.Required) < len(s.Properties) {
		total = ", total=False"
	}
	if base = strings.Join(append(words, base), ", "); len(words) > 0 {
		base = strings.TrimSuffix(base, ", TypedDict") // which its own bases are
	}
	fmt.Fprintf(out, "\n\nclass %s(%s%s):\n", s.name, base, total)
	text := wrapped(s.sentences(), pythonWidth-10)
	fmt.Fprintf(out, "    \"\"\"%s\"\"\"\n\n", strings.Join(text, "\n    "))
	pythonMembers(out, s, total == "")
}

// pythonWordMembers writes the members whose names are words of the language, which no class can have, in a form that
// can, and returns the names of the types that hold them.
func pythonWordMembers(out *strings.Builder, s member) (names []string) {
	for _, required := range []bool{true, false} {
		var all []string
		for _, p := range s.Properties {
			if isPythonWord(p) && s.requires(p.name) == required {
				all = append(all, fmt.Sprintf("%q: %q", p.name, pythonType(p.schema)))
			}
		}
		if len(all) == 0 {
			continue
		}
		name := map[bool]string{true: "_Always", false: "_Maybe"}[required] + s.name
		total := map[bool]string{true: "", false: ", total=False"}[required]
		fmt.Fprintf(out, "\n\n%s = TypedDict(%q, {%s}%s)\n", name, name, strings.Join(all, ", "), total)
		names = append(names, name)
	}
	return names
}

func pythonMembers(out *strings.Builder, s member, required bool) {
	for _, p := range s.Properties {
		if s.requires(p.name) != required {
			continue
		}
		for _, line := range wrapped(p.sentences(), pythonWidth-6) {
			if line != "" {
				fmt.Fprintf(out, "    # %s\n", line)
			}
		}
		fmt.Fprintf(out, "    %s: %s\n", p.name, pythonType(p.schema))
	}
}

func pythonType(s schema) string {
	text := pythonTypeOf(s)
	if s.Nullable {
		return "Optional[" + text + "]"
	}
	return text
}

func pythonTypeOf(s schema) string {
	if name := s.target(); name != "" {
		return name
	}
	switch {
	case s.Type == "string" && len(s.Enum) > 0:
		return fmt.Sprintf("Literal[\"%s\"]", strings.Join(s.Enum, `", "`))
	case s.Type == "array":
		return "List[" + pythonType(*s.Items) + "]"
	case s.Additional.of != nil:
		return "Dict[str, " + pythonType(*s.Additional.of) + "]"
	case s.Type == "object":
		return "Dict[str, Any]"
	}
	if known, ok := pythonSimple[s.Type]; ok {
		return known
	}
	return "Any"
}

var pythonSimple = map[string]string{"string": "str", "integer": "int", "boolean": "bool", "number": "float"}
