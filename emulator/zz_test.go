package emulator_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
)

func TestZZ(t *testing.T) {
	var a, b runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&a)
	em, err := emulator.New(t.Context(), emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := em.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&b)
	fmt.Println("allocs", b.Mallocs-a.Mallocs, "bytes", b.TotalAlloc-a.TotalAlloc)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&b)
	fmt.Println("live before", a.HeapAlloc, "after", b.HeapAlloc, "stack", b.StackInuse, b.StackSys, "gcsys", b.GCSys, "other", b.OtherSys, "mspan", b.MSpanInuse)
	f, _ := os.Create("/tmp/w/ntools/heap.prof")
	pprof.WriteHeapProfile(f)
	f.Close()
	em.Close(t.Context())
}
