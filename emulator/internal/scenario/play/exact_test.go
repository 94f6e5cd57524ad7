package play_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
)

// callers is how many ask at once in the tests of exactness.
const callers = 64

// decideAll lets callers make calls at the same time, the i-th of them the i-th input, and counts the outcomes.
func (b *box) decideAll(inputs []play.Input) map[string]int {
	var end sync.WaitGroup
	begin := make(chan struct{})
	outcomes := make([]string, len(inputs))
	var next atomic.Int64
	for range callers {
		end.Go(func() {
			<-begin
			for i := next.Add(1) - 1; i < int64(len(inputs)); i = next.Add(1) - 1 {
				outcomes[i] = outcomeOf(b.decide(inputs[i]))
			}
		})
	}
	close(begin)
	end.Wait()
	counts := map[string]int{}
	for _, outcome := range outcomes {
		counts[outcome]++
	}
	return counts
}

// inputs are that many calls, all of them alike.
func (b *box) inputs(n int, m made) []play.Input {
	list := make([]play.Input, n)
	for i := range list {
		list[i] = b.input(m)
	}
	return list
}

// TestWordsAreExact plays each new word again and again, with callers at once: in every round every call gets exactly
// what it must.
func TestWordsAreExact(t *testing.T) {
	t.Parallel()
	midnight := made{at: 4 * time.Hour} // in Shanghai
	tests := map[string]struct {
		rules string
		calls func(b *box) []play.Input
		want  map[string]int
	}{
		"a chain of states": {
			// Each call finds the state as the one before left it: whoever falls through a rule was told the truth.
			"- {on: onsmqtt.ApplyToken, when: {state.a: {absent: true}}, script: [fail: InternalError], then: {state.a: b}}\n" +
				"- {on: onsmqtt.ApplyToken, when: {state.a: b}, script: [fail: " + over + "], then: {state.a: c}}\n" +
				"- {on: onsmqtt.ApplyToken, when: {state.a: c}, script: [fail: " + denied + "]}",
			func(b *box) []play.Input { return b.inputs(callers, made{}) },
			map[string]int{failed: 1, over: 1, denied: callers - 2},
		},
		"a state that goes back and forth": {
			"- {on: onsmqtt.ApplyToken, when: {state.a: b}, script: [fail: InternalError], then: {state.a: c}}\n" +
				"- {on: onsmqtt.ApplyToken, when: {not: {state.a: b}}, script: [fail: " + over + "], then: {state.a: b}}",
			func(b *box) []play.Input { return b.inputs(callers, made{}) },
			map[string]int{failed: callers / 2, over: callers / 2},
		},
		"per credential": {
			"- {on: onsmqtt.ApplyToken, per: credential, script: [fail: InternalError, pass]}",
			func(b *box) []play.Input {
				var list []play.Input
				for i := range callers {
					list = append(list, b.input(made{credential: strconv.Itoa(i % 16)}))
				}
				return list
			},
			map[string]int{failed: 16, "pass": callers - 16},
		},
		"windows": {
			"- {on: onsmqtt.ApplyToken, script: [fail: InternalError], end: release}\n" +
				"- {on: onsmqtt.ApplyToken, for: 1h, script: [fail: " + over + ", pass]}",
			func(b *box) []play.Input { return b.inputs(callers, made{}) },
			map[string]int{failed: 1, over: 1, "pass": callers - 2},
		},
		"a quota of the calendar": {
			"- {on: onsmqtt.ApplyToken, quota: {rate: 20/day, zone: Asia/Shanghai, over: {fail: InternalError}}}",
			func(b *box) []play.Input {
				return append(b.inputs(callers/2, made{at: 3 * time.Hour}), b.inputs(callers/2, made{at: 3 * time.Hour})...)
			},
			map[string]int{"-": 20, failed: callers - 20},
		},
		"a quota that flows beside a state": {
			"- {on: onsmqtt.ApplyToken, quota: {rate: 20/h, over: {fail: InternalError}}, then: {state.a: b}}\n" +
				"- {on: onsmqtt.QueryToken, when: {state.a: b}, script: [pass]}",
			func(b *box) []play.Input { return b.inputs(callers, midnight) },
			map[string]int{"-": 20, failed: callers - 20},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			n := rounds / 10
			if testing.Short() {
				n = 50
			}
			for round := range n {
				b.play("name: a\nrules:\n" + test.rules + "\n")
				if diff := cmp.Diff(test.want, b.decideAll(test.calls(b))); diff != "" {
					t.Fatalf("round %d (-want +got):\n%s", round, diff)
				}
			}
		})
	}
}

// TestDrawsAreExact lets callers at once make calls that chance decides: in whatever order they come, as many get each
// outcome as when one makes them after another.
func TestDrawsAreExact(t *testing.T) {
	t.Parallel()
	const source = "name: a\nrules:\n" +
		"- {on: onsmqtt.ApplyToken, chance: 0.3, script: [{choose: [{weight: 7, fail: InternalError}, {weight: 2, fail: " + over +
		"}, {weight: 1, fail: " + denied + "}]}]}\n" +
		"- {on: onsmqtt.ApplyToken, per: credential, chance: 0.5, script: [pass]}\n"
	n := rounds
	if testing.Short() {
		n = 1000
	}
	count := func(decide func(b *box, inputs []play.Input) map[string]int) map[string]int {
		b := newBox(t, newEngine(t))
		b.play(source)
		var inputs []play.Input
		for i := range n {
			inputs = append(inputs, b.input(made{credential: strconv.Itoa(i % 4)}))
		}
		return decide(b, inputs)
	}
	alone := count(func(b *box, inputs []play.Input) map[string]int {
		counts := map[string]int{}
		for _, in := range inputs {
			counts[outcomeOf(b.decide(in))]++
		}
		return counts
	})
	together := count((*box).decideAll)
	if len(alone) != 5 {
		t.Errorf("outcomes of one caller: %v", alone)
	}
	for _, outcome := range []string{failed, over, denied} { // which call of which key comes third changes with the order
		if alone[outcome] != together[outcome] {
			t.Errorf("%s: %d of one caller, %d of many", outcome, alone[outcome], together[outcome])
		}
	}
}

// TestOldValuesGiveWay has more values of a field than are kept: the ones whose first call is the longest ago begin
// anew, the others go on.
func TestOldValuesGiveWay(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n- {on: onsmqtt.ApplyToken, per: credential, script: [pass, fail: InternalError]}\n")
	var inputs []play.Input
	for i := range play.MaxValues + 10 {
		inputs = append(inputs, b.input(made{credential: strconv.Itoa(i)}))
	}
	for _, in := range inputs {
		b.decide(in)
	}
	if got := outcomeOf(b.decide(inputs[len(inputs)-1])); got != failed {
		t.Errorf("the newest: %s", got)
	}
	if got := outcomeOf(b.decide(inputs[10])); got != failed {
		t.Errorf("the oldest that is kept: %s", got)
	}
	for _, i := range []int{9, 0} {
		if got := outcomeOf(b.decide(inputs[i])); got != "pass" {
			t.Errorf("value %d, which gave way: %s", i, got)
		}
	}
	if got, _ := b.status("a"); len(got.Keys) != play.MaxKeys || got.Keys[0].Value != "0" {
		t.Errorf("%d keys are listed, first %+v", len(got.Keys), got.Keys[0])
	}
}

// TestStoppedWordsTakeNoCall stops and plays again what has records while callers ask: every generation gives its one
// failure once at most, and none of a generation that is over is left in the store.
func TestStoppedWordsTakeNoCall(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	const source = "name: a\nrules:\n- {on: onsmqtt.ApplyToken, per: credential, script: [fail: InternalError, pass], then: {state.a: b}}\n"
	const generations = 50
	var failures atomic.Int64
	stop := make(chan struct{})
	var end sync.WaitGroup
	for range 8 {
		end.Go(func() {
			in := b.input(made{})
			for {
				select {
				case <-stop:
					return
				default:
				}
				if outcomeOf(b.decide(in)) == failed {
					failures.Add(1)
				}
			}
		})
	}
	for range generations {
		b.play(source)
	}
	b.stop("a")
	close(stop)
	end.Wait()
	if got := failures.Load(); got > generations {
		t.Errorf("%d failures in %d generations", got, generations)
	}
	b.play(source)
	record, _, err := b.Get(t.Context(), play.PlaylistKey)
	if err != nil {
		t.Fatal(err)
	}
	before, err := b.engine.Program(t.Context(), b.Space, record)
	if err != nil {
		t.Fatal(err)
	}
	b.stop("a")
	if d, err := before.Decide(t.Context(), b.Space, b.input(made{}), scenario.AtDecision); err != nil || d.Decided {
		t.Errorf("a call that knew of what was stopped: %+v, %v", d, err)
	}
	left := store.Keys{Prefix: "scenario/played/"}
	if err := b.Do(t.Context(), &left); err != nil || len(left.Keys) > 0 {
		t.Errorf("left in the store: %q, %v", left.Keys, err)
	}
}

// TestTripsOfRecords counts the trips to the store: however many rules share a record, one update decides among them.
func TestTripsOfRecords(t *testing.T) {
	t.Parallel()
	spy := &storetest.Spy{Store: memory.New()}
	b := newBoxIn(t, newEngine(t), spy.Space("box"))
	b.play("name: a\nrules:\n" +
		"- {on: '*', also: {delay: 1s}}\n" +
		"- {on: onsmqtt.*, when: {state.a: b}, script: [pass]}\n" +
		"- {on: onsmqtt.*, when: {headers.None: x}, per: credential, script: [pass]}\n" +
		"- {on: onsmqtt.*, quota: {rate: 1000/day, over: pass}, zone: UTC}\n" +
		"- {on: onsmqtt.*, chance: 0.000001, script: [pass]}\n" +
		"- {on: onsmqtt.QueryToken, script: [pass]}\n" +
		"- {on: onsmqtt.RevokeToken, per: credential, script: [pass]}\n")
	record, _, err := b.Get(t.Context(), play.PlaylistKey)
	if err != nil {
		t.Fatal(err)
	}
	program, err := b.engine.Program(t.Context(), b.Space, record)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		what, op string
		want     int64
	}{
		{"no rule takes it", "onsmqtt.ApplyToken", 2},
		{"the last rule takes it", "onsmqtt.QueryToken", 2},
		{"another record, for the first time", "onsmqtt.RevokeToken", 2 + 2 + 2},
		{"another record", "onsmqtt.RevokeToken", 2 + 2},
		{"one rule fits", "appstream.GetAuthCode", 2},
	}
	for _, step := range steps {
		spy.Trips()
		if _, err := program.Decide(t.Context(), b.Space, b.input(made{op: step.op}), scenario.AtDecision); err != nil {
			t.Fatal(err)
		}
		if got := spy.Trips(); got != step.want {
			t.Errorf("%s: %d trips, want %d", step.what, got, step.want)
		}
	}
}
