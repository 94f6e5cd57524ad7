package play_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// TestStoppedScenariosLeaveNothing checks that nothing of a scenario is left in the space once it was stopped.
func TestStoppedScenariosLeaveNothing(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(document("a", "script: [fail: InternalError]"))
	b.play(document("a", "quota: {rate: 1/s, burst: 1, over: {fail: InternalError}}"))
	in := b.ask(nil)
	in.Only = "a"
	b.decide(in)
	b.outcome()
	b.stop("a")
	if diff := cmp.Diff([]string{"scenario/playlist", "scenario/plays"}, b.keys()); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// keys lists what is kept in the space.
func (b *box) keys() []string {
	b.Helper()
	all := store.Keys{}
	if err := b.Do(b.Context(), &all); err != nil {
		b.Fatal(err)
	}
	return all.Keys
}

// TestStoppedScriptTakesNoCall lets a call read what plays, changes that under its hands, and then lets it decide: it
// never begins a script once more that was played again, stopped or forgotten in a reset.
func TestStoppedScriptTakesNoCall(t *testing.T) {
	t.Parallel()
	oneShot := document("a", "end: release", "script: [fail: InternalError]")
	quotaOfOne := quota("1/h", "1")
	cases := map[string]struct {
		source string
		change func(*box)
		want   string
	}{
		"stopped":      {oneShot, func(b *box) { b.stop("a") }, "-"},
		"played again": {oneShot, func(b *box) { b.play(document("a", "script: [fail: ApplyTokenOverFlow]")) }, over},
		"cleared":      {oneShot, func(b *box) { _ = b.Clear(b.Context()) }, "-"},
		"quota":        {quotaOfOne, func(b *box) { b.stop("limit") }, "-"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(c.source)
			b.outcome()
			b.outcome()
			record, _, err := b.Get(t.Context(), play.PlaylistKey)
			if err != nil {
				t.Fatal(err)
			}
			program, err := b.engine.Program(t.Context(), b.Space, record)
			if err != nil {
				t.Fatal(err)
			}
			c.change(b)
			before := b.keys()
			decision, err := program.Decide(t.Context(), b.Space, b.ask(nil), scenario.AtDecision)
			if got := outcomeOf(decision); got != c.want || err != nil {
				t.Errorf("%s, %v, want %s", got, err, c.want)
			}
			for _, key := range b.keys() {
				if !slices.Contains(before, key) && c.want == "-" {
					t.Errorf("%s was written", key)
				}
			}
		})
	}
}

// TestOneShotsUnderASteeringHand lets callers ask while somebody plays one-shots again and again, stops them and clears
// the space: no one-shot fires twice, and one that is left alone until it fired does so once.
func TestOneShotsUnderASteeringHand(t *testing.T) {
	t.Parallel()
	const rounds, callers = 2000, 4
	b := newBox(t, newEngine(t))
	var fired atomic.Int64
	var calls sync.WaitGroup
	done := make(chan struct{})
	for range callers {
		calls.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				d, err := b.Decide(t.Context(), b.ask(nil), scenario.AtDecision)
				if err != nil {
					t.Error(err)
					return
				}
				if d.Fault != nil {
					fired.Add(1)
				}
			}
		})
	}
	played := int64(0)
	for i := range rounds {
		b.play(document("a", "end: release", "script: [fail: InternalError]"))
		played++
		switch i % 4 {
		case 0, 1: // played again by the next round, whether it fired or not
		case 2:
			b.stop("a")
		case 3:
			if err := b.Clear(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := fired.Load(); n > played {
			t.Errorf("%d one-shots were played, and %d fired", played, n)
			break
		}
	}
	close(done)
	calls.Wait()
	if n := fired.Load(); n > played {
		t.Errorf("%d one-shots were played, and %d fired", played, n)
	}
	b.play(document("a", "end: release", "script: [fail: ApplyTokenOverFlow]"))
	if failures, _ := b.decideAtOnce(64); failures != 1 {
		t.Errorf("the last one fired %d times", failures)
	}
}

// TestReplacedWhileItIsRead replaces a scenario after the playlist was read and before its document is.
func TestReplacedWhileItIsRead(t *testing.T) {
	t.Parallel()
	memory := memory.New()
	writer := newBoxIn(t, newEngine(t), memory.Space("box"))
	writer.play(document("a", "script: [fail: InternalError]"))
	once := sync.OnceFunc(func() { writer.play(document("a", "script: [fail: ApplyTokenOverFlow]")) })
	racing := &storetest.Spy{Store: memory, Before: func(step store.Step) error {
		if get, ok := step.(*store.Get); ok && strings.HasSuffix(get.Key, "/source") {
			once()
		}
		return nil
	}}
	reader := newBoxIn(t, newEngine(t), racing.Space("box"))
	if got := reader.outcome(); got != over {
		t.Errorf("%s, want %s", got, over)
	}
}

// TestRefusedScenarioLeavesNothing checks that a full sandbox does not keep the document that it refuses.
func TestRefusedScenarioLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	for i := range play.MaxPlaying {
		b.play(document("s"+strconv.Itoa(i), "script: [pass]"))
	}
	before := b.keys()
	if err := b.Play(t.Context(), play.Playing{Source: document("more", "script: [pass]")}); err == nil {
		t.Error("one more plays")
	}
	if diff := cmp.Diff(before, b.keys()); diff != "" {
		t.Errorf("kept (-before +after):\n%s", diff)
	}
}

func TestCachesAreBounded(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	b := newBox(t, engine)
	for i := range play.CacheSize + 10 {
		b.play(document("a", "script: [{fail: InternalError, message: n"+strconv.Itoa(i)+"}]"))
		b.outcome()
	}
	scenarios, programs := engine.Cached()
	if scenarios > play.CacheSize || programs > play.CacheSize || scenarios < 10 || programs < 10 {
		t.Errorf("%d scenarios and %d programs are kept", scenarios, programs)
	}
}

// TestCachesCountExpressions: a short expression can compile to a large program.
func TestCachesCountExpressions(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	b := newBox(t, engine)
	b.play(document("a", "script: [pass]\n    when: {headers.A: {matches: '(x{300}){3}(x{300}){3}'}}"))
	b.outcome()
	if scenarios, _ := engine.CacheWeights(); scenarios < 180_000 {
		t.Errorf("a scenario with 1,800 instructions weighs %d bytes", scenarios)
	}
}

// TestCachesKeepFewLargeScenarios checks the bound on the bytes that a cache holds.
func TestCachesKeepFewLargeScenarios(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	b := newBox(t, engine)
	const each = 100_000
	for i := range 2 * play.CacheWeight / each {
		body := strconv.Itoa(i) + strings.Repeat("x", each)
		b.play(document("a", "script: [{respond: {offSpec: true, body: "+body+"}}]"))
		b.outcome()
		if scenarios, programs := engine.CacheWeights(); scenarios > play.CacheWeight || programs > play.CacheWeight {
			t.Fatalf("the scenarios have %d bytes, the programs %d", scenarios, programs)
		}
	}
	if scenarios, programs := engine.Cached(); scenarios < 10 || programs < 10 {
		t.Errorf("%d scenarios and %d programs are kept", scenarios, programs)
	}
}

// spiedSpace is a space that records which keys hold something, and counts gets and increments.
type spiedSpace struct {
	store.Space
	kept             map[string]bool
	gets, increments int
}

// newSpiedSpace returns the space of a sandbox in a store.
func newSpiedSpace(in store.Store) *spiedSpace {
	s := &spiedSpace{kept: map[string]bool{}}
	spy := &storetest.Spy{Store: in}
	spy.Before = func(step store.Step) error {
		switch step := step.(type) {
		case *store.Get:
			s.gets++
		case *store.Put:
			s.kept[step.Key] = true
		case *store.Increment:
			s.increments++
			s.kept[step.Key] = true
		}
		return nil
	}
	spy.BeforeUpdate = func(key string) error {
		s.kept[key] = true
		return nil
	}
	s.Space = spy.Space("box")
	return s
}

// TestSandboxesStayApart plays a script of its own in each of 200 sandboxes of one store at once.
func TestSandboxesStayApart(t *testing.T) {
	t.Parallel()
	const boxes, calls = 200, 12
	engine, memory := newEngine(t, document("by-default", "script: [pass]")), memory.New()
	var end sync.WaitGroup
	for i := range boxes {
		end.Go(func() {
			b := newBoxIn(t, engine, memory.Space("box-"+strconv.Itoa(i)))
			b.now = b.now.Add(time.Duration(i) * time.Hour)
			want := []string{}
			for n := range calls {
				switch {
				case n < i%5:
					want = append(want, failed)
				case n < i%5+i%3+1:
					want = append(want, over)
				default:
					want = append(want, "pass")
				}
			}
			first := fmt.Sprintf("{fail: InternalError, times: %d}, ", i%5)
			if i%5 == 0 {
				first = ""
			}
			rest := fmt.Sprintf("{fail: ApplyTokenOverFlow, times: %d}, pass", i%3+1)
			b.play(document("own", "script: ["+first+rest+"]"))
			if diff := cmp.Diff(want, b.outcomes(calls)); diff != "" {
				t.Errorf("sandbox %d (-want +got):\n%s", i, diff)
			}
			if s, _ := b.status("own"); s.Rules[0].Taken != calls {
				t.Errorf("sandbox %d counts %d calls, want %d", i, s.Rules[0].Taken, calls)
			}
			if i%2 == 0 {
				b.stop("by-default")
			}
			if _, on := b.status("by-default"); on == (i%2 == 0) {
				t.Errorf("sandbox %d: the default plays: %t", i, on)
			}
		})
	}
	end.Wait()
}

// TestPlayersOfOneSpaceAgree uses one store through two engines, as two processes would.
func TestPlayersOfOneSpaceAgree(t *testing.T) {
	t.Parallel()
	space := memory.New().Space("box")
	one, two := newBoxIn(t, newEngine(t), space), newBoxIn(t, newEngine(t), space)
	one.play(document("a", "script: [fail: InternalError, fail: ApplyTokenOverFlow, pass]"))
	got := []string{one.outcome(), two.outcome(), one.outcome()}
	if diff := cmp.Diff([]string{failed, over, "pass"}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	two.play(document("b", "end: release", "script: [fail: PermissionCheckFailed]"))
	one.play(document("a", "script: [fail: InternalError, pass]"))
	one.stop("b")
	two.play(document("b", "end: release", "script: [fail: PermissionCheckFailed]"))
	if diff := cmp.Diff([]string{denied, failed, "pass"}, one.outcomes(3)); diff != "" {
		t.Errorf("played by both (-want +got):\n%s", diff)
	}
	two.stop("b")
	two.stop("a")
	if got := one.outcome(); got != "-" {
		t.Errorf("stopped by the other: %s", got)
	}
}

// TestChangesWhileCallsCome plays and stops a scenario during calls: it decides a call as scripted, or not at all.
func TestChangesWhileCallsCome(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	ctx, cancel := context.WithCancel(t.Context())
	var end sync.WaitGroup
	in := b.ask(nil)
	for range 4 {
		end.Go(func() {
			for ctx.Err() == nil {
				d, err := b.Decide(t.Context(), in, scenario.AtDecision)
				if err != nil || d.Decided && outcomeOf(d) != failed {
					t.Errorf("%+v, %v", d, err)
					return
				}
			}
		})
	}
	for i := range 200 {
		b.play(document("a", "script: [{fail: InternalError, message: n"+strconv.Itoa(i)+"}]"))
		b.stop("a")
	}
	cancel()
	end.Wait()
}

func TestStoreErrorsAreReturned(t *testing.T) {
	t.Parallel()
	broken := &storetest.Spy{Store: memory.New(), Before: func(store.Step) error { return errBroken }}
	b := newBoxIn(t, newEngine(t), broken.Space("box"))
	if _, err := b.Decide(t.Context(), b.ask(nil), scenario.AtDecision); !errors.Is(err, errBroken) {
		t.Errorf("Decide: %v", err)
	}
	known := play.Playing{Name: "error/onsmqtt.ApplyToken/" + over}
	if err := b.Play(t.Context(), known); !errors.Is(err, errBroken) {
		t.Errorf("Play: %v", err)
	}
	if _, err := b.List(t.Context(), b.now); !errors.Is(err, errBroken) {
		t.Errorf("List: %v", err)
	}
}

// TestDecideReadsDocumentsOnce counts the accesses to the space: the caller passes in the record of what plays, and the
// documents that it names are read once for all calls. With each move of a cursor goes a look at whether it still plays.
func TestDecideReadsDocumentsOnce(t *testing.T) {
	t.Parallel()
	shared := memory.New()
	newBoxIn(t, newEngine(t), shared.Space("box")).play(document("a", "script: [pass]"))
	record, _, err := shared.Space("box").Get(t.Context(), play.PlaylistKey)
	if err != nil {
		t.Fatal(err)
	}
	space := newSpiedSpace(shared)
	b := newBoxIn(t, newEngine(t), space.Space)
	decide := func(record []byte, in play.Input) {
		t.Helper()
		program, err := b.engine.Program(t.Context(), space.Space, record)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := program.Decide(t.Context(), space.Space, in, scenario.AtDecision); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name             string
		record           []byte
		operation        string
		gets, increments int
	}{
		{"nothing was played", nil, "onsmqtt.ApplyToken", 0, 0},
		{"a record that the engine has not seen", record, "onsmqtt.ApplyToken", 2, 1},
		{"the same record", record, "onsmqtt.ApplyToken", 1, 1},
		{"a call to which no rule applies", record, "onsmqtt.QueryToken", 0, 0},
	}
	for _, step := range steps {
		space.gets, space.increments = 0, 0
		decide(step.record, b.askFor(step.operation, nil))
		if space.gets != step.gets || space.increments != step.increments {
			t.Errorf("%s: %d gets and %d increments, want %d and %d",
				step.name, space.gets, space.increments, step.gets, step.increments)
		}
	}
}

// TestBrokenRecordsAreErrors writes invalid bytes where records are kept.
func TestBrokenRecordsAreErrors(t *testing.T) {
	t.Parallel()
	space := newSpiedSpace(memory.New())
	b := newBoxIn(t, newEngine(t), space.Space)
	b.play(quota("1/s", "1"))
	b.outcome()
	for key := range space.kept {
		if strings.Contains(key, "/cursor/") {
			if err := space.Put(t.Context(), key, []byte("x"), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	fails := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", what, err, want)
		}
	}
	_, err := b.Decide(t.Context(), b.ask(nil), scenario.AtDecision)
	fails("Decide with a broken bucket", "scenario limit, rule 1: count against the quota: read the token bucket", err)
	_, err = b.List(t.Context(), b.now)
	fails("List with a broken bucket", "read the cursors of limit: read the token bucket", err)
	if err := space.Put(t.Context(), play.PlaylistKey, []byte(`{"playing":[]}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Decide(t.Context(), b.ask(nil), scenario.AtDecision)
	fails("Decide with a broken list", "read the list of playing scenarios", err)
	fails("Play with a broken list", "read the list of playing scenarios",
		b.Play(t.Context(), play.Playing{Source: document("a", "script: [pass]")}))
}
