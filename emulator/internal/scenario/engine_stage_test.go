package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// TestStoppedScenariosLeaveNothing looks into the space: what was played and stopped is gone from it.
func TestStoppedScenariosLeaveNothing(t *testing.T) {
	t.Parallel()
	space := &spy{Space: memory.New().Space("box"), kept: map[string]bool{}}
	b := newBoxIn(t, newStage(t), space)
	b.play(document("a", "script: [fail: InternalError]"))
	b.play(document("a", "quota: {rate: 1/s, burst: 1, over: {fail: InternalError}}"))
	in := b.ask(nil)
	in.Only = "a"
	b.decide(in)
	b.outcome()
	b.stop("a")
	for key, kept := range space.kept {
		if kept && key != "scenario/playlist" && key != "scenario/plays" {
			t.Errorf("%s is still kept", key)
		}
	}
}

// TestResetBeginsOtherCursors: a call that is still on its way with what played before a reset must not move the
// cursor of what plays after it.
func TestResetBeginsOtherCursors(t *testing.T) {
	t.Parallel()
	space := &spy{Space: memory.New().Space("box"), kept: map[string]bool{}}
	b := newBoxIn(t, newStage(t), space)
	cursors := func() []string {
		clear(space.kept)
		b.play(document("a", "script: [fail: InternalError]"))
		b.outcome()
		var keys []string
		for key := range space.kept {
			if strings.HasPrefix(key, "scenario/cursor/") {
				keys = append(keys, key)
			}
		}
		return keys
	}
	before := cursors()
	if err := b.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := cursors(); len(after) != 1 || slices.Equal(before, after) {
		t.Errorf("cursors %v, then %v", before, after)
	}
}

// TestReplacedWhileItIsRead replaces a scenario between the reading of the list and of its document.
func TestReplacedWhileItIsRead(t *testing.T) {
	t.Parallel()
	memory := memory.New()
	writer := newBoxIn(t, newStage(t), memory.Space("box"))
	writer.play(document("a", "script: [fail: InternalError]"))
	once := sync.OnceFunc(func() { writer.play(document("a", "script: [fail: ApplyTokenOverFlow]")) })
	reader := newBoxIn(t, newStage(t), &racing{Space: memory.Space("box"), before: once})
	if got := reader.outcome(); got != over {
		t.Errorf("%s, want %s", got, over)
	}
}

// racing does something before a document is read.
type racing struct {
	store.Space
	before func()
}

func (r *racing) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if strings.HasPrefix(key, "scenario/source/") {
		r.before()
	}
	return r.Space.Get(ctx, key)
}

// TestRefusedScenarioLeavesNothing looks into a full sandbox.
func TestRefusedScenarioLeavesNothing(t *testing.T) {
	t.Parallel()
	space := &spy{Space: memory.New().Space("box"), kept: map[string]bool{}}
	b := newBoxIn(t, newStage(t), space)
	for i := range scenario.MaxPlaying {
		b.play(document("s"+strconv.Itoa(i), "script: [pass]"))
	}
	clear(space.kept)
	if err := b.Play(t.Context(), scenario.Playing{Source: document("more", "script: [pass]")}); err == nil {
		t.Error("one more plays")
	}
	for key, kept := range space.kept {
		if kept && strings.HasPrefix(key, "scenario/source/") {
			t.Errorf("%s is kept", key)
		}
	}
}

func TestCachesAreBounded(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	b := newBox(t, stage)
	for i := range scenario.CacheSize + 10 {
		b.play(document("a", "script: [{fail: InternalError, message: n"+strconv.Itoa(i)+"}]"))
		b.outcome()
	}
	scripts, programs := stage.Cached()
	if scripts > scenario.CacheSize || programs > scenario.CacheSize || scripts < 10 || programs < 10 {
		t.Errorf("%d scripts and %d programs are kept", scripts, programs)
	}
}

// TestCachesKeepFewLargeScenarios bounds what they weigh together.
func TestCachesKeepFewLargeScenarios(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	b := newBox(t, stage)
	const each = 100_000
	for i := range 2 * scenario.CacheWeight / each {
		body := strconv.Itoa(i) + strings.Repeat("x", each)
		b.play(document("a", "script: [{respond: {offSpec: true, body: "+body+"}}]"))
		b.outcome()
		if scripts, programs := stage.CacheWeights(); scripts > scenario.CacheWeight || programs > scenario.CacheWeight {
			t.Fatalf("scripts weigh %d, programs %d", scripts, programs)
		}
	}
	if scripts, programs := stage.Cached(); scripts < 10 || programs < 10 {
		t.Errorf("%d scripts and %d programs are kept", scripts, programs)
	}
}

// spy remembers which keys hold something.
type spy struct {
	store.Space
	kept map[string]bool
}

func (s *spy) Put(ctx context.Context, key string, value []byte, expires time.Time) error {
	s.kept[key] = true
	return s.Space.Put(ctx, key, value, expires)
}

func (s *spy) Increment(ctx context.Context, key string, delta int64, expires time.Time) (int64, error) {
	s.kept[key] = true
	return s.Space.Increment(ctx, key, delta, expires)
}

func (s *spy) Update(
	ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error),
) error {
	s.kept[key] = true
	return s.Space.Update(ctx, key, change)
}

func (s *spy) Delete(ctx context.Context, key string) error {
	s.kept[key] = false
	return s.Space.Delete(ctx, key)
}

// TestSandboxesStayApart plays a script of its own in each of 200 sandboxes of one store at once.
func TestSandboxesStayApart(t *testing.T) {
	t.Parallel()
	const boxes, calls = 200, 12
	stage, memory := newStage(t, document("standing", "script: [pass]")), memory.New()
	var end sync.WaitGroup
	for i := range boxes {
		end.Go(func() {
			b := newBoxIn(t, stage, memory.Space("box-"+strconv.Itoa(i)))
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
				b.stop("standing")
			}
			if _, on := b.status("standing"); on == (i%2 == 0) {
				t.Errorf("sandbox %d: the default plays: %t", i, on)
			}
		})
	}
	end.Wait()
}

// TestPlayersOfOneSpaceAgree stands for two processes over a shared store: each has a stage of its own.
func TestPlayersOfOneSpaceAgree(t *testing.T) {
	t.Parallel()
	space := memory.New().Space("box")
	one, two := newBoxIn(t, newStage(t), space), newBoxIn(t, newStage(t), space)
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

// TestChangesWhileCallsCome plays and stops under way: every call is decided by something that played, or by nothing.
func TestChangesWhileCallsCome(t *testing.T) {
	t.Parallel()
	b := newBox(t, newStage(t))
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

func TestTheStoresErrorIsHandedOn(t *testing.T) {
	t.Parallel()
	b := newBoxIn(t, newStage(t), broken{})
	if _, err := b.Decide(t.Context(), b.ask(nil), scenario.AtDecision); !errors.Is(err, errBroken) {
		t.Errorf("Decide: %v", err)
	}
	known := scenario.Playing{Name: "error/onsmqtt.ApplyToken/" + over}
	if err := b.Play(t.Context(), known); !errors.Is(err, errBroken) {
		t.Errorf("Play: %v", err)
	}
	if _, err := b.List(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("List: %v", err)
	}
}

// broken is a store that does not answer.
type broken struct{ store.Space }

func (broken) Get(context.Context, string) ([]byte, bool, error) { return nil, false, errBroken }

func (broken) Increment(context.Context, string, int64, time.Time) (int64, error) {
	return 0, errBroken
}
