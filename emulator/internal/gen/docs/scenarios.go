package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
	"github.com/tokenstage/tokenstage/scenarios"
)

//go:embed scenarios.md
var scenariosGuide string

// property is a part of the schema that the reference prints.
type property struct {
	Description string              `json:"description"`
	Properties  map[string]property `json:"properties"`
	AnyOf       []property          `json:"anyOf"`
	Required    []string            `json:"required"`
	Defs        map[string]property `json:"$defs"`
}

// scenariosPage is docs/scenarios.md: the guide, the language as the schema has it, and the scenarios that ship.
func scenariosPage(c *contract.Catalogue) ([]byte, error) {
	text, err := language.Schema()
	if err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	var root property
	if err := json.Unmarshal(text, &root); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	library, err := scenario.NewLibrary(c, scenarios.Files, language.NewDecoder(c))
	if err == nil {
		err = library.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("read the scenarios: %w", err)
	}
	var page strings.Builder
	page.WriteString(scenariosGuide + "\n## Reference\n")
	writeKeys(&page, "scenario", root)
	for _, name := range slices.Sorted(maps.Keys(root.Defs)) {
		writeKeys(&page, name, root.Defs[name])
	}
	writeTemplates(&page)
	page.WriteString("\n## What ships\n\n| Name | What happens |\n|---|---|\n")
	for _, name := range library.Names() {
		if s, _ := library.Get(name); !strings.HasPrefix(name, "error/") {
			writeRow(&page, []string{code(name), escape(s.Summary)})
		}
	}
	return []byte(page.String()), nil
}

// writeTemplates prints what the templates of a respond can say.
func writeTemplates(page *strings.Builder) {
	page.WriteString("\n### Templates\n\nThe body and the header values of a `respond` are templates: " +
		"`{{param \"InstanceId\"}}`. There are these functions, and no way to files, the environment or the network.\n\n" +
		"| Function | Written | Gives |\n|---|---|---|\n")
	for _, f := range template.Functions() {
		writeRow(page, []string{code(f.Name), code("{{" + f.Usage + "}}"), escape(f.Does)})
	}
	page.WriteString("\nThe kinds of `fake`: " + strings.Join(template.FakeKinds(), ", ") + ".\n")
}

// writeKeys prints the keys of one type, and what stands for it in short.
func writeKeys(page *strings.Builder, name string, p property) {
	short := ""
	for _, form := range p.AnyOf {
		if form.Properties != nil {
			p.Properties, p.Required = form.Properties, form.Required
		} else {
			short += form.Description
		}
	}
	if len(p.Properties) == 0 {
		return
	}
	page.WriteString("\n### " + name + "\n\n")
	if short != "" {
		page.WriteString("In short: " + escape(short) + "\n\n")
	}
	page.WriteString("| Key | Meaning |\n|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(p.Properties)) {
		meaning := escape(p.Properties[key].Description)
		if slices.Contains(p.Required, key) {
			meaning += " Required."
		}
		writeRow(page, []string{code(key), meaning})
	}
}
