package play_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// playingRules returns a document of n rules: the last takes every call, the others have conditions that do not hold.
func playingRules(n int) string {
	var b strings.Builder
	b.WriteString("name: rules\nrules:\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "  - {on: onsmqtt.ApplyToken, when: {params.InstanceId: other-%d}, script: [pass]}\n", i)
	}
	return b.String() + "  - {on: onsmqtt.ApplyToken, cycle: true, script: [fail: ApplyTokenOverFlow, pass]}\n"
}

func BenchmarkDecide(b *testing.B) {
	for _, rules := range []int{0, 1, 10, 100} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			box := newBox(b, newEngine(b))
			if rules > 0 {
				box.play(playingRules(rules))
			}
			in := box.ask(map[string]string{"InstanceId": "post-1"})
			b.ReportAllocs()
			ctx := b.Context()
			for b.Loop() {
				// This repeats box.Decide, since its copies of large arguments and results would be measured too.
				record, _, err := box.Get(ctx, play.PlaylistKey)
				if err != nil {
					b.Fatal(err)
				}
				program, err := box.engine.Program(ctx, box.Space, record)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := program.Decide(ctx, box.Space, in, scenario.AtDecision); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecideParallel lets all callers move the same cursor.
func BenchmarkDecideParallel(b *testing.B) {
	box := newBox(b, newEngine(b))
	box.play(playingRules(1))
	in := box.ask(nil)
	b.SetParallelism(64)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			box.decide(in)
		}
	})
}

// BenchmarkOneShot lets 64 callers at once ask for a step that only one call may take, and counts mistakes: calls
// that got the step in addition to the first, and calls that got no step.
func BenchmarkOneShot(b *testing.B) {
	box := newBox(b, newEngine(b))
	source := document("once", "script: [{fail: ApplyTokenOverFlow, times: 1}, pass]")
	repeats, lost := 0, 0
	for b.Loop() {
		box.play(source)
		failures, passes := box.decideAtOnce(64)
		repeats += max(failures-1, 0)
		lost += 64 - failures - passes + max(1-failures, 0)
	}
	b.ReportMetric(float64(repeats), "repeats")
	b.ReportMetric(float64(lost), "lost")
}

func BenchmarkRespond(b *testing.B) {
	for name, body := range map[string]string{
		"plain":    `{"RequestId":"r","Token":"t"}`,
		"template": `{"RequestId":{{json requestId}},"Token":"{{hex 32}}"}`,
	} {
		b.Run(name, func(b *testing.B) {
			box := newBox(b, newEngine(b))
			box.play(document("a", "script: [{respond: {body: '"+body+"'}}]"))
			in := box.ask(nil)
			b.ReportAllocs()
			for b.Loop() {
				if d, err := box.Decide(b.Context(), in, scenario.AtDecision); err != nil || d.Fault != nil {
					b.Fatal(err, d.Fault)
				}
			}
		})
	}
}
