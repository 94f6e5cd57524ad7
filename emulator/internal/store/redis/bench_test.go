package redis_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// BenchmarkRuns are the trips of a usual call.
func BenchmarkRuns(b *testing.B) {
	server := redistest.Start(b)
	opened, err := redis.Open(b.Context(), server.URL())
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	space := opened.Space("one")
	if err := space.Put(b.Context(), "sandbox", []byte("state"), time.Time{}); err != nil {
		b.Fatal(err)
	}
	guard := func() store.Step { return &store.Get{Key: "sandbox", Needed: true} }
	record := []byte(strings.Repeat("x", 1500))
	for name, steps := range map[string]func(i int) []store.Step{
		"get": func(int) []store.Step { return []store.Step{guard()} },
		"begin": func(int) []store.Step {
			return []store.Step{guard(), &store.Increment{Key: "calls", Delta: 1}, &store.Get{Key: "playlist"}}
		},
		"settle": func(i int) []store.Step {
			return []store.Step{guard(), &store.Claim{
				Key: strconv.Itoa(i), Now: start().Add(time.Duration(i) * time.Millisecond),
				Expires: start().Add(time.Duration(i)*time.Millisecond + 15*time.Minute),
			}}
		},
		"commit": func(i int) []store.Step {
			return []store.Step{
				guard(),
				&store.Append{Log: "issued", ID: "onsmqtt-" + strconv.Itoa(i), Record: record[:200], Bound: store.Bound{Records: 1000, Bytes: 1 << 20}},
				&store.Append{Log: "journal", ID: strconv.Itoa(i), Record: record, Bound: store.Bound{Records: 1000, Bytes: 8 << 20}},
				&store.Increment{Key: "coverage/onsmqtt.ApplyToken/ok", Delta: 1},
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			before := server.CPU()
			i := 0
			for b.Loop() {
				i++
				if err := space.Do(b.Context(), steps(i)...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((server.CPU()-before)*1e6/float64(b.N), "store-µs/op")
		})
	}
}
