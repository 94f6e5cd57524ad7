package play_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// Short names for the codes of errors keep the tables readable.
const (
	over   = "ApplyTokenOverFlow"
	denied = "PermissionCheckFailed"
	failed = "InternalError"
)

// document returns a scenario with one rule on ApplyToken, which has the given lines.
func document(name string, lines ...string) string {
	return "name: " + name + "\nrules:\n  - on: onsmqtt.ApplyToken\n    " + strings.Join(lines, "\n    ") + "\n"
}

func TestCursor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines []string
		want  []string
	}{
		"one step repeats": {
			[]string{"script: [fail: ApplyTokenOverFlow]"}, []string{over, over, over},
		},
		"the last step repeats": {
			[]string{"script: [fail: ApplyTokenOverFlow, pass]"}, []string{over, "pass", "pass"},
		},
		"times before the next": {
			[]string{"script: [{fail: ApplyTokenOverFlow, times: 2}, pass]"}, []string{over, over, "pass", "pass"},
		},
		"times of the last step do not end it": {
			[]string{"script: [pass, {fail: ApplyTokenOverFlow, times: 2}]"},
			[]string{"pass", over, over, over},
		},
		"end: repeat is the default": {
			[]string{"end: repeat", "script: [pass, {fail: ApplyTokenOverFlow, times: 2}]"},
			[]string{"pass", over, over, over},
		},
		"cycle of one": {[]string{"cycle: true", "script: [fail: InternalError]"}, []string{failed, failed}},
		"cycle begins anew": {
			[]string{"cycle: true", "script: [fail: InternalError, pass]"}, []string{failed, "pass", failed, "pass"},
		},
		"cycle counts times": {
			[]string{"cycle: true", "script: [{fail: InternalError, times: 2}, {pass: {}, times: 3}]"},
			[]string{failed, failed, "pass", "pass", "pass", failed, failed, "pass"},
		},
		"release after one": {[]string{"end: release", "script: [fail: InternalError]"}, []string{failed, "-", "-"}},
		"release counts times": {
			[]string{"end: release", "script: [{fail: InternalError, times: 2}, pass]"},
			[]string{failed, failed, "pass", "-", "-"},
		},
		"three steps": {
			[]string{"script: [fail: InternalError, {fail: " + over + ", times: 2}, fail: " + denied + "]"},
			[]string{failed, over, over, denied, denied},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(document("a", test.lines...))
			if diff := cmp.Diff(test.want, b.outcomes(len(test.want))); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReleasedRuleGivesWayToTheNext(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", "end: release", "script: [fail: InternalError]") +
		"  - {on: onsmqtt.ApplyToken, script: [fail: PermissionCheckFailed]}\n")
	if diff := cmp.Diff([]string{failed, denied, denied}, b.outcomes(3)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	d := b.decide(b.ask(nil))
	want := []scenario.Miss{{
		Scenario: "a", Condition: "end", Expected: "a call of the script", Got: "its steps are used up",
	}}
	if diff := cmp.Diff(want, d.Misses); diff != "" || d.Rule != 1 {
		t.Errorf("rule %d, misses (-want +got):\n%s", d.Rule, diff)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const script = "script: [{fail: InternalError, times: 2}, pass, {fail: ApplyTokenOverFlow, times: 3}]"
	type at = play.CursorStatus
	tests := map[string]struct {
		end  string
		want map[int]at // by number of calls
	}{
		"repeat": {"end: repeat", map[int]at{
			0: {}, 1: {Taken: 1, Position: 1}, 2: {Taken: 2, Step: 1}, 3: {Taken: 3, Step: 2},
			6: {Taken: 6, Step: 2, Position: 3}, 9: {Taken: 9, Step: 2, Position: 6},
		}},
		"cycle": {"cycle: true", map[int]at{
			5: {Taken: 5, Step: 2, Position: 2}, 6: {Taken: 6}, 7: {Taken: 7, Position: 1}, 8: {Taken: 8, Step: 1},
		}},
		"release": {"end: release", map[int]at{
			5: {Taken: 5, Step: 2, Position: 2}, 6: {Taken: 6, Step: 2, Position: 3, Exhausted: true},
			9: {Taken: 6, Step: 2, Position: 3, Exhausted: true},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(document("a", test.end, script))
			for calls := range 10 {
				want, listed := test.want[calls]
				got, _ := b.status("a")
				rules := []play.RuleStatus{{On: "onsmqtt.ApplyToken", CursorStatus: want}}
				if diff := cmp.Diff(rules, got.Rules); listed && diff != "" {
					t.Errorf("after %d calls (-want +got):\n%s", calls, diff)
				}
				b.outcome()
			}
		})
	}
}

// TestOneShotIsExact plays a failure for one call and lets 64 callers ask at once: in each round exactly one fails.
func TestOneShotIsExact(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	source := document("once", "script: [{fail: ApplyTokenOverFlow, times: 1}, pass]")
	n := rounds
	if testing.Short() {
		n = 100
	}
	for round := range n {
		b.play(source)
		failures, passes := b.decideAtOnce(callers)
		if failures != 1 || passes != callers-1 {
			t.Fatalf("round %d: %d calls failed and %d passed, want 1 and %d", round, failures, passes, callers-1)
		}
	}
}

// decideAtOnce lets that many callers ask at the same time, and counts those that failed and those that passed.
func (b *box) decideAtOnce(callers int) (failures, passes int) {
	var begin, end sync.WaitGroup
	begin.Add(1)
	decided := make([]scenario.Decision, callers)
	in := b.ask(nil)
	for i := range callers {
		end.Go(func() {
			begin.Wait()
			decided[i] = b.decide(in)
		})
	}
	begin.Done()
	end.Wait()
	for _, d := range decided {
		switch outcomeOf(d) {
		case over:
			failures++
		case "pass":
			passes++
		}
	}
	return failures, passes
}

// TestEveryStepIsTakenOnce lets many callers at once go through a script of many steps: none is repeated, none is lost.
func TestEveryStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	const steps = 320
	b := newBox(t, newEngine(t))
	b.play(document("many", "end: release", "script: ["+strings.Repeat("fail: InternalError, ", steps-1)+"pass]"))
	taken := make([][]int, callers)
	var end sync.WaitGroup
	in := b.ask(nil)
	for i := range callers {
		end.Go(func() {
			for range 2 * steps / callers {
				if d := b.decide(in); d.Decided {
					taken[i] = append(taken[i], d.Step)
				}
			}
		})
	}
	end.Wait()
	seen := map[int]int{}
	for _, list := range taken {
		for _, step := range list {
			seen[step]++
		}
	}
	for step := range steps {
		if seen[step] != 1 {
			t.Errorf("step %d was taken %d times", step, seen[step])
		}
	}
}
