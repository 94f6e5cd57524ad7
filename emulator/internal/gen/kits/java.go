package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const javaHead = `// Code generated from openapi/control.yaml by go generate ./openapi/controlapi. DO NOT EDIT.
package io.github.tokenstage.testkit;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The types of the control API. What a reply leaves out is null, a list or map that it leaves out is empty. */
public final class Types {
    private Types() {}
`

// javaWidth is how long a line of Java is at most.
const javaWidth = 120

// javaTypes writes a record for each object and an enum for each list of texts. Other schemas have no type of their
// own.
func javaTypes(schemas members) string {
	var out strings.Builder
	out.WriteString(javaHead)
	for _, s := range schemas {
		switch {
		case s.isObject():
			javaRecord(&out, schemas, s)
		case len(s.Enum) > 0:
			javaEnum(&out, s)
		}
	}
	return out.String() + "}\n"
}

func javaRecord(out *strings.Builder, schemas members, s member) {
	javaDoc(out, s)
	fmt.Fprintf(out, "    public record %s(\n", s.name)
	for i, p := range s.Properties {
		end := map[bool]string{true: ") {}", false: ","}[i == len(s.Properties)-1]
		fmt.Fprintf(out, "        %s %s%s\n", javaType(schemas, p.schema, s.requires(p.name)), javaName(p.name), end)
	}
}

// javaDoc writes what a type is, and what its members are that say so.
func javaDoc(out *strings.Builder, s member) {
	lines := wrapped(s.sentences(), javaWidth-8)
	for _, p := range s.Properties {
		if text := p.sentences(); text != "" {
			lines = append(lines, wrapped("@param "+javaName(p.name)+" "+text, javaWidth-8)...)
		}
	}
	escapes := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*/", "*&#47;")
	out.WriteString("\n    /**\n")
	for _, line := range lines {
		fmt.Fprintf(out, "     * %s\n", escapes.Replace(line))
	}
	out.WriteString("     */\n")
}

func javaEnum(out *strings.Builder, s member) {
	javaDoc(out, s)
	fmt.Fprintf(out, "    public enum %s {\n", s.name)
	for i, text := range s.Enum {
		end := map[bool]string{true: ";", false: ","}[i == len(s.Enum)-1]
		fmt.Fprintf(out, "        %s(%q)%s\n", javaConstant(text), text, end)
	}
	fmt.Fprintf(out, `
        private final String text;

        %s(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }
`, s.name)
}

var capital = regexp.MustCompile(`([a-z])([A-Z])`)

func javaConstant(text string) string {
	return strings.ToUpper(capital.ReplaceAllString(text, "${1}_$2"))
}

// javaWords are those that cannot be names (Java Language Specification 17, 3.9 and 3.10).
var javaWords = strings.Fields(`
	abstract assert boolean break byte case catch char class const continue default do double else enum extends false
	final finally float for goto if implements import instanceof int interface long native new null package private
	protected public return short static strictfp super switch synchronized this throw throws transient true try void
	volatile while`)

// javaName adds a line to what is a word of the language.
func javaName(name string) string {
	if slices.Contains(javaWords, name) {
		return name + "_"
	}
	return name
}

// javaType is the type of a member; one that can be absent is no primitive.
func javaType(schemas members, s schema, always bool) string {
	s = named(schemas, s)
	switch {
	case s.Ref != "" && (s.isObject() || len(s.Enum) > 0):
		return s.Ref
	case s.Type == "array":
		return "List<" + javaType(schemas, *s.Items, false) + ">"
	case s.Additional.of != nil:
		return "Map<String, " + javaType(schemas, *s.Additional.of, false) + ">"
	case s.Type == "object":
		return "Map<String, Object>"
	case s.Format == "date-time":
		return "Instant"
	}
	name, known := javaSimple[s.Type]
	if !known {
		return "Object"
	}
	return name[map[bool]int{true: 1, false: 0}[always && !s.Nullable]]
}

// javaSimple are the types of values that are no objects: of those that can be absent, and of those that cannot.
var javaSimple = map[string][2]string{
	"string": {"String", "String"}, "integer": {"Long", "long"}, "boolean": {"Boolean", "boolean"},
}

// named is the schema that another refers to, with its name as Ref.
func named(schemas members, s schema) schema {
	name := s.target()
	for _, known := range schemas {
		if known.name == name {
			known.Ref, known.Nullable = name, known.Nullable || s.Nullable
			return known.schema
		}
	}
	return s
}
