package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// providerWords are facts of the emulated services that gateways and APIs alone know, in lower case: parts of headers,
// paths, parameters, hosts and variables.
var providerWords = []string{
	"x-acs-", "ccmessaging-token", "/router/rest", "signaturenonce", "x-app-key", "alibaba_cloud_",
	"aliyuncs.com", "taobao.com", "tbsandbox.com", "besclouds.com", "aicccloud.com",
}

// knowsProviders reports whether a folder may hold such words: gateways, APIs, the load program, test helpers, and the
// apps that show how to use the emulator, which call the services as any app does.
func knowsProviders(dir string) bool {
	dir = filepath.ToSlash(dir)
	return slices.ContainsFunc(
		[]string{"emulator/internal/gateway/", "emulator/internal/api/", "emulator/bench", "examples/", "clients/"},
		func(folder string) bool { return strings.HasPrefix(dir, folder) },
	) || strings.HasSuffix(dir, "test")
}

// TestGatewaysAloneKnowTheirProviders holds every string of our code to that: a gateway is the only home of its facts,
// and others ask it.
func TestGatewaysAloneKnowTheirProviders(t *testing.T) {
	t.Parallel()
	read := 0
	for _, path := range codeFiles(t) {
		if knowsProviders(filepath.Dir(path)) {
			continue
		}
		read++
		for place, text := range stringsOf(t, path) {
			for _, word := range providerWords {
				if strings.Contains(strings.ToLower(text), word) {
					t.Errorf("%s: %s holds %q: ask the gateway", place, text, word)
				}
			}
		}
	}
	if read < 100 {
		t.Errorf("only %d files were read", read)
	}
}

// stringsOf are the string literals of a file by their places.
func stringsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			found[files.Position(literal.Pos()).String()] = literal.Value
		}
		return true
	})
	return found
}

// TestEveryPackageStandsInTheImportTable: the linter says for each folder with code what it may import. Only the root
// is left out, whose main calls the command line.
func TestEveryPackageStandsInTheImportTable(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(".golangci.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct{ Files []string }
				}
			}
		}
	}
	if err := yaml.Load(raw, &config); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{".": true}
	for _, rule := range config.Linters.Settings.Depguard.Rules {
		for _, pattern := range rule.Files {
			known[strings.TrimSuffix(strings.TrimPrefix(pattern, "**/"), "/*.go")] = true
		}
	}
	var dirs []string
	for _, path := range codeFiles(t) {
		dirs = append(dirs, filepath.ToSlash(filepath.Dir(path)))
	}
	dirs = slices.Compact(dirs)
	if len(dirs) < 40 {
		t.Errorf("only %d folders were found", len(dirs))
	}
	for _, dir := range dirs {
		parent := filepath.ToSlash(filepath.Join(filepath.Dir(dir), "*"))
		if !known[dir] && !known[parent] {
			t.Errorf("%s: add a row to depguard's rules in .golangci.yaml: what may it import?", dir)
		}
	}
}

// codeFiles are the files of this module that hold code beside tests.
func codeFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && isApart(path, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// isApart reports whether a folder is no part of this module.
func isApart(path, name string) bool {
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil || strings.HasPrefix(name, ".") || name == "node_modules"
}
