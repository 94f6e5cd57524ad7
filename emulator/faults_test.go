package emulator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// shared are the kinds that come from outside the gateways: from reading, from the spec and from the emulator itself.
func shared() []wire.Kind {
	return []wire.Kind{wire.TooLarge, wire.Malformed, wire.MissingParameter, wire.InvalidParameter, wire.Internal}
}

// TestEveryFaultHasARow reads the sources of each gateway for the kinds of faults that it can end in, and holds its
// table and its documents to them.
func TestEveryFaultHasARow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := kindNames(t)
	for _, gw := range w.Gateways() {
		for _, kind := range append(kindsIn(t, filepath.Join("internal", "gateway", gw.Name()), names), shared()...) {
			code, ok := gw.Table()[kind]
			if !ok {
				t.Errorf("gateway %s has no row for %s", gw.Name(), kind)
				continue
			}
			checkDocumented(t, w.Catalogue(), gw, kind, code)
		}
	}
}

// TestErrorsOfTheSignature wants the errors that a document says to be of the signature alone to answer no other fault.
func TestErrorsOfTheSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ofSignature := []wire.Kind{
		wire.MissingTimestamp, wire.BadTimestamp, wire.ExpiredTimestamp, wire.WrongSignatureMethod, wire.WrongDigest,
		wire.MissingSignature, wire.WrongSignature, wire.MissingSecurityToken, wire.BadSecurityToken,
		wire.ExpiredSecurityToken, wire.WrongSecurityToken,
	}
	marked := 0
	for _, gw := range w.Gateways() {
		answers := map[string][]wire.Kind{}
		for kind, code := range gw.Table() {
			answers[code] = append(answers[code], kind)
		}
		for _, e := range w.Catalogue().Gateway(gw.Name()).Errors {
			if !e.Signature {
				continue
			}
			marked++
			other := func(kind wire.Kind) bool { return !slices.Contains(ofSignature, kind) }
			if kinds := answers[e.Code]; len(kinds) == 0 || slices.ContainsFunc(kinds, other) {
				t.Errorf("gateway %s answers %v with %s", gw.Name(), kinds, e.Code)
			}
		}
	}
	if marked < 10 {
		t.Errorf("only %d errors are marked", marked)
	}
}

// checkDocumented wants the code in the gateway's document or in every operation behind it.
func checkDocumented(t *testing.T, c *contract.Catalogue, gw gateway.Gateway, kind wire.Kind, code string) {
	t.Helper()
	if _, ok := c.Gateway(gw.Name()).Error(code); ok {
		return
	}
	for _, api := range c.APIs {
		for _, op := range api.Operations {
			if _, ok := op.Error(code); api.Gateway.Name == gw.Name() && !ok {
				t.Errorf("gateway %s answers %s with %q, which %s does not document", gw.Name(), kind, code, op.Name)
			}
		}
	}
}

// kindNames are the constants of type wire.Kind by their Go names.
func kindNames(t *testing.T) map[string]wire.Kind {
	t.Helper()
	names := map[string]wire.Kind{}
	for _, file := range parseFolder(t, "internal/wire") {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) == 0 {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Kind" {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names[spec.Names[0].Name] = wire.Kind(value)
			}
			return true
		})
	}
	if len(names) < 20 {
		t.Fatalf("only %d kinds found", len(names))
	}
	return names
}

// kindsIn are the kinds that the sources of a folder mention.
func kindsIn(t *testing.T, folder string, names map[string]wire.Kind) []wire.Kind {
	t.Helper()
	var kinds []wire.Kind
	for _, file := range parseFolder(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "wire" && names[s.Sel.Name] != "" && s.Sel.Name != "Documented" {
					kinds = append(kinds, names[s.Sel.Name])
				}
			}
			return true
		})
	}
	if len(kinds) < 5 {
		t.Fatalf("only %d kinds found in %s", len(kinds), folder)
	}
	return kinds
}

func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
