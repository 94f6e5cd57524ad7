package contract_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/openapi"
)

// BenchmarkLoad is most of what a start costs. The first load of a process, which finds nothing warm, takes longer.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contract.Load(openapi.Files); err != nil {
			b.Fatal(err)
		}
	}
}

// largeSpec is an API of that many operations, each at a path of its own or found by its action.
func largeSpec(operations int, byPath bool) fs.FS {
	var text strings.Builder
	text.WriteString("openapi: 3.0.3\ninfo: {title: Large, version: \"2030-01-01\"}\nx-gateway: acs\nx-product: Large\n" +
		"x-version: \"2030-01-01\"\npaths:\n")
	for i := range operations {
		path, action := fmt.Sprintf("/#Action=Do%d", i), fmt.Sprintf("      x-action: Do%d\n", i)
		if byPath {
			path, action = fmt.Sprintf("/things%d/{Id}", i), ""
		}
		fmt.Fprintf(&text, "  %s:\n    post:\n      operationId: Do%d\n%s", path, i, action)
		if byPath {
			text.WriteString("      parameters:\n        - {name: Id, in: path, required: true, schema: {type: string}}\n")
		}
		text.WriteString("      responses:\n        \"200\":\n          description: Done.\n          content:\n" +
			"            application/json: {schema: {type: object, properties: {RequestId: {type: string}}}}\n")
	}
	return fstest.MapFS{"large.yaml": {Data: []byte(text.String())}}
}

// BenchmarkGrowth loads specs of more and more operations beside those that ship, and finds the last of them.
func BenchmarkGrowth(b *testing.B) {
	for _, byPath := range []bool{false, true} {
		for _, operations := range []int{10, 100, 1000} {
			name := fmt.Sprintf("operations=%d/by path %v", operations, byPath)
			large := largeSpec(operations, byPath)
			b.Run("load/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := contract.Load(openapi.Files, large); err != nil {
						b.Fatal(err)
					}
				}
			})
			catalogue, err := contract.Load(openapi.Files, large)
			if err != nil {
				b.Fatal(err)
			}
			b.Run("find/"+name, func(b *testing.B) {
				for b.Loop() {
					found := len(catalogue.ByAction("acs", fmt.Sprintf("Do%d", operations-1))) == 1
					if byPath {
						_, _, err := catalogue.ByRoute("acs", "POST", fmt.Sprintf("/things%d/x", operations-1))
						found = err == nil
					}
					if !found {
						b.Fatal("not found")
					}
				}
			})
		}
	}
}
