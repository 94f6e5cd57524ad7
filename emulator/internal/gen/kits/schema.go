package main

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// schema is what the generators need of a schema.
type schema struct {
	Ref         string   `yaml:"$ref"`
	Description string   `yaml:"description"`
	Type        string   `yaml:"type"`
	Format      string   `yaml:"format"`
	Nullable    bool     `yaml:"nullable"`
	Enum        []string `yaml:"enum"`
	Required    []string `yaml:"required"`
	Properties  members  `yaml:"properties"`
	Items       *schema  `yaml:"items"`
	AllOf       []schema `yaml:"allOf"`
	Additional  values   `yaml:"additionalProperties"`
}

// values are what a map has; nil for an object that is none.
type values struct{ of *schema }

// UnmarshalYAML reads a schema, where there may be true or false.
func (v *values) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return nil
	}
	v.of = new(schema)
	return node.Decode(v.of)
}

// members are named schemas in the order of the document.
type members []member

type member struct {
	name string
	schema
}

// UnmarshalYAML reads a mapping.
func (m *members) UnmarshalYAML(node *yaml.Node) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		one := member{name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&one.schema); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		*m = append(*m, one)
	}
	return nil
}

// read reads the named schemas of a contract.
func read(source []byte) (members, error) {
	var document struct {
		Components struct {
			Schemas members `yaml:"schemas"`
		} `yaml:"components"`
	}
	err := yaml.Load(source, &document)
	return document.Components.Schemas, err
}

// target is the name of the schema that this one refers to, by itself or as the first of several; empty for none.
func (s schema) target() string {
	for _, part := range append([]schema{s}, s.AllOf...) {
		if part.Ref != "" {
			return part.Ref[strings.LastIndexByte(part.Ref, '/')+1:]
		}
	}
	return ""
}

// isObject reports whether values are objects with members of known names.
func (s schema) isObject() bool { return len(s.Properties) > 0 }

func (s schema) requires(name string) bool { return slices.Contains(s.Required, name) }

// sentences is a description on one line.
func (s schema) sentences() string { return strings.Join(strings.Fields(s.Description), " ") }

// wrapped breaks a text into lines of at most so many characters.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
