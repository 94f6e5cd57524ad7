package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
	"github.com/tokenstage/tokenstage/scenarios"
)

var (
	//go:embed scenarios.md
	scenariosGuide string
	//go:embed cookbook.md
	cookbook string
)

// scenariosPage is docs/scenarios.md: the guide, the cookbook, the language as the schema has it, and the scenarios
// that ship.
func scenariosPage(c *contract.Catalogue) ([]byte, error) {
	library, err := scenario.NewLibrary(c, scenarios.Files, language.NewDecoder(c))
	if err == nil {
		err = library.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("read the scenarios: %w", err)
	}
	recipes, err := includeFiles(cookbook)
	if err != nil {
		return nil, fmt.Errorf("cookbook.md: %w", err)
	}
	var page strings.Builder
	page.WriteString(scenariosGuide + "\n" + recipes + "\n## Reference\n")
	if err := writeSchema(&page, "scenario", language.Schema); err != nil {
		return nil, err
	}
	writeTemplates(&page)
	page.WriteString("\n## Calls to try a scenario with\n\n" +
		"A file for `tokenstage scenarios try --calls` is a list of calls.\n")
	if err := writeSchema(&page, "", language.CallsSchema); err != nil {
		return nil, err
	}
	page.WriteString("\n## What ships\n\n| Name | What happens |\n|---|---|\n")
	for _, name := range library.Names() {
		if s, _ := library.Get(name); !strings.HasPrefix(name, scenario.ErrorPrefix) {
			writeRow(&page, []string{code(name), escape(s.Summary)})
		}
	}
	return []byte(page.String()), nil
}

// inclusion is a line that stands for a file: the document of a scenario, or what one of the cookbook has beside it.
var inclusion = regexp.MustCompile(`(?m)^\{\{(scenario|file) ([a-z0-9/.-]+)\}\}$`)

// includeFiles puts files into a text; of scenarios, without the first line, which is for editors.
func includeFiles(text string) (string, error) {
	var failed error
	included := inclusion.ReplaceAllStringFunc(text, func(line string) string {
		parts := inclusion.FindStringSubmatch(line)
		name, isScenario := parts[2], parts[1] == "scenario"
		if isScenario {
			name += ".yaml"
		}
		files := scenarios.Files
		if strings.HasPrefix(name, "cookbook/") {
			files = scenarios.Cookbook
		}
		source, err := files.ReadFile(name)
		if err != nil {
			failed = err
			return line
		}
		content := strings.TrimSpace(string(source))
		if first, rest, _ := strings.Cut(content, "\n"); isScenario && strings.HasPrefix(first, "#") {
			content = rest
		}
		return "```" + strings.TrimPrefix(path.Ext(name), ".") + "\n" + content + "\n```"
	})
	return included, failed
}

// writeTemplates prints what the templates of a scenario can say.
func writeTemplates(page *strings.Builder) {
	page.WriteString("\n### Templates\n\n" +
		"The body of a `respond`, the values of `headers`, and `message`, `detail` and `fill` are templates: " +
		"`{{param \"InstanceId\"}}`. There are these functions, and no way to files, the environment or the " +
		"network.\n\n| Function | Written | Gives |\n|---|---|---|\n")
	for _, f := range template.Functions() {
		writeRow(page, []string{code(f.Name), code("{{" + f.Usage + "}}"), escape(f.Does)})
	}
	page.WriteString("\nThe kinds of `fake`: " + strings.Join(template.FakeKinds(), ", ") + ".\n")
}

// writeSchema prints the keys of all types of a schema; root is the name of its outermost one, empty for a list.
func writeSchema(page *strings.Builder, root string, schema func() ([]byte, error)) error {
	text, err := schema()
	if err != nil {
		return fmt.Errorf("make the schema: %w", err)
	}
	var whole property
	if err := json.Unmarshal(text, &whole); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	defs := definitions(whole.Defs)
	if root != "" {
		defs.writeKeys(page, root, whole)
	}
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		defs.writeKeys(page, name, defs[name])
	}
	return nil
}

// writeKeys prints the keys of one type with their values and meanings, and what stands for it in short.
func (d definitions) writeKeys(page *strings.Builder, name string, p property) {
	var short []string
	for _, form := range p.AnyOf {
		if form.Properties != nil {
			p = form
		} else if form.Description != "" {
			short = append(short, "In short: "+d.values(form)+". "+escape(form.Description))
		}
	}
	if len(p.Properties) == 0 {
		return
	}
	page.WriteString("\n### " + name + "\n\n")
	if len(short) > 0 {
		page.WriteString(strings.Join(short, " ") + "\n\n")
	}
	page.WriteString("| Key | Values | Meaning |\n|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(p.Properties)) {
		meaning := escape(p.Properties[key].Description)
		if slices.Contains(p.Required, key) {
			meaning += " Required."
		}
		writeRow(page, []string{code(key), d.values(p.Properties[key]), meaning})
	}
	if others, ok := p.others(); ok {
		writeRow(page, []string{"any other", d.values(others), "`params.X`, `headers.X`, `credential` or `state.X`."})
	}
	p.writeTogether(page)
}

// writeTogether says which keys go together.
func (p property) writeTogether(page *strings.Builder) {
	var rules []string
	if needed := p.needed(); len(needed) > 0 {
		rules = append(rules, "At least one of "+codes(needed)+".")
	}
	for _, group := range p.groups() {
		rules = append(rules, "At most one of "+codes(group)+".")
	}
	for _, key := range slices.Sorted(maps.Keys(p.Needs)) {
		rules = append(rules, code(key)+" only with "+codes(p.Needs[key])+".")
	}
	if len(rules) > 0 {
		page.WriteString("\n" + strings.Join(rules, " ") + "\n")
	}
}

// codes lists texts set as code.
func codes(texts []string) string {
	set := make([]string, len(texts))
	for i, text := range texts {
		set[i] = code(text)
	}
	return strings.Join(set, ", ")
}
