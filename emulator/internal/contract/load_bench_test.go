package contract_test

import (
	"testing"

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
