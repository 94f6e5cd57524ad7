package main_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// firstCell finds the name in the first cell of a table's row.
var firstCell = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestDependenciesAreDescribed holds docs/dependencies.md to what is depended on directly, both ways.
func TestDependenciesAreDescribed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, found := range firstCell.FindAllStringSubmatch(string(page), -1) {
		if described[found[1]] {
			t.Errorf("docs/dependencies.md describes %s twice", found[1])
		}
		described[found[1]] = true
	}
	used := dependencies(t)
	if len(used) < 30 {
		t.Errorf("only %d dependencies were found", len(used))
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if !described[name] {
			t.Errorf("docs/dependencies.md has no row for %s, which stands in %s", name, used[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		if used[name] == "" {
			t.Errorf("docs/dependencies.md describes %s, which nothing depends on directly", name)
		}
	}
}

// ciTool finds a tool that .ci/run runs at a version.
var ciTool = regexp.MustCompile(`(?m)^[a-z]+=(\S+)@v`)

// dependencies are the names of all direct dependencies and tools, with a file that has each.
func dependencies(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".",
			entry.Name() == "node_modules", entry.Name() == "testdata":
			return fs.SkipDir
		case filepath.Ext(path) == ".mod":
			for _, name := range directModules(t, path) {
				used[name] = path
			}
		case entry.Name() == "package.json":
			for _, name := range directPackages(t, path) {
				used[name] = path
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range ciTool.FindAllStringSubmatch(string(script), -1) {
		used[found[1]] = ".ci/run"
	}
	return used
}

// directModules are the modules and the tools that a go.mod names.
func directModules(t *testing.T, file string) []string {
	t.Helper()
	raw, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var module struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(raw, &module); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var names []string
	for _, required := range module.Require {
		if !required.Indirect {
			names = append(names, required.Path)
		}
	}
	for _, tool := range module.Tool {
		names = append(names, tool.Path)
	}
	return names
}

// directPackages are the packages that a package.json names.
func directPackages(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var described struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal(raw, &described); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return slices.Concat(
		slices.Collect(maps.Keys(described.Dependencies)), slices.Collect(maps.Keys(described.DevDependencies)))
}
