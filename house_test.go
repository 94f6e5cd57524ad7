package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".", entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"),
			knowsProviders(filepath.Dir(path)):
			return nil
		}
		read++
		for place, text := range stringsOf(t, path) {
			for _, word := range providerWords {
				if strings.Contains(strings.ToLower(text), word) {
					t.Errorf("%s: %s holds %q: ask the gateway", place, text, word)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
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
