package play_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

func TestTheNewestWins(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t, document("by-default", "script: [fail: SystemOverFlow]")))
	steps := []struct {
		name, want string
		do         func()
	}{
		{"the default", "SystemOverFlow", func() {}},
		{"what is played wins over it", failed, func() { b.play(document("a", "script: [fail: InternalError]")) }},
		{"the next one wins", denied, func() { b.play(document("b", "script: [fail: PermissionCheckFailed]")) }},
		{"played again is newest", failed, func() { b.play(document("a", "script: [fail: InternalError]")) }},
		{"a known one", over, func() { b.playKnown("error/onsmqtt.ApplyToken/ApplyTokenOverFlow") }},
		{"stopped", failed, func() { b.stop("error/onsmqtt.ApplyToken/ApplyTokenOverFlow") }},
		{"the older one is left", denied, func() { b.stop("a") }},
		{"the default is left", "SystemOverFlow", func() { b.stop("b") }},
		{"the default is played while it is on", "SystemOverFlow", func() { b.playKnown("by-default") }},
		{"the default is off", "-", func() { b.stop("by-default") }},
		{"another plays while it is off", denied, func() {
			b.play(document("b", "script: [fail: PermissionCheckFailed]"))
		}},
		{"the default is played", "SystemOverFlow", func() { b.playKnown("by-default") }},
		{"and off again", denied, func() { b.stop("by-default") }},
		{"nothing is left", "-", func() { b.stop("b") }},
		{"a reset brings the default back", "SystemOverFlow", func() {
			if err := b.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, step := range steps {
		step.do()
		if got := b.outcome(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		list, err := b.List(t.Context(), b.now)
		if names := namesOf(list); err != nil || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Errorf("%s: the list is %v, %v", step.name, names, err)
		}
	}
}

func namesOf(list []play.Status) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Name
	}
	return names
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t, "name: by-default\nsummary: Plays by default.\nrules: [{on: '*', script: [pass]}]\n"))
	b.play(document("a", "script: [fail: InternalError]"))
	b.playKnown("error/onsmqtt.ApplyToken/SystemOverFlow")
	got, err := b.List(t.Context(), b.now)
	if err != nil {
		t.Fatal(err)
	}
	want := []play.Status{
		{
			Name: "error/onsmqtt.ApplyToken/SystemOverFlow", Summary: got[0].Summary,
			Rules: []play.RuleStatus{{On: "onsmqtt.ApplyToken"}},
		},
		{Name: "a", Rules: []play.RuleStatus{{On: "onsmqtt.ApplyToken"}}},
		{Name: "by-default", Summary: "Plays by default.", Default: true, Rules: []play.RuleStatus{{On: "*"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestPlayAgainStartsAtZero(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	source := document("a", "script: [fail: InternalError, pass]")
	b.play(source)
	first := b.outcomes(2)
	b.play(source)
	if diff := cmp.Diff(first, b.outcomes(2)); diff != "" {
		t.Errorf("played again (-first +second):\n%s", diff)
	}
	b.stop("a")
	b.play(source)
	if got := b.outcome(); got != failed {
		t.Errorf("after stop and play: %s, want %s", got, failed)
	}
}

func TestPlayUnderAnotherName(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	source := document("a", "script: [fail: InternalError]")
	if err := b.Play(t.Context(), play.Playing{Name: "mine", Source: source}); err != nil {
		t.Fatal(err)
	}
	d := b.decide(b.ask(nil))
	if d.Scenario != "mine" || !strings.Contains(d.Fault.Findings[0].Message, "scenario mine") {
		t.Errorf("decided by %q: %v", d.Scenario, d.Fault.Findings)
	}
	b.play(source)
	if got, _ := b.List(t.Context(), b.now); len(got) != 2 {
		t.Errorf("%d scenarios play, want 2", len(got))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t, document("by-default", "script: [pass]")))
	b.stop("by-default")
	b.play(document("a", "script: [fail: InternalError]"))
	tests := map[string]struct {
		do   func(context.Context) error
		want func(error) bool
	}{
		"unknown name": {
			func(ctx context.Context) error { return b.Play(ctx, play.Playing{Name: "nope"}) },
			func(err error) bool {
				return errors.Is(err, play.ErrUnknown) && strings.Contains(err.Error(), `"nope"`)
			},
		},
		"bad document": {
			func(ctx context.Context) error { return b.Play(ctx, play.Playing{Name: "a", Source: "name: a\n"}) },
			func(err error) bool { _, ok := errors.AsType[scenario.Problems](err); return ok },
		},
		"stop what does not play": {
			func(ctx context.Context) error { return b.Stop(ctx, "error/onsmqtt.ApplyToken/SystemOverFlow") },
			func(err error) bool { return errors.Is(err, play.ErrNotPlaying) },
		},
		"stop a default that is off": {
			func(ctx context.Context) error { return b.Stop(ctx, "by-default") },
			func(err error) bool { return errors.Is(err, play.ErrNotPlaying) },
		},
		"unknown name in the header": {
			func(ctx context.Context) error {
				in := b.ask(nil)
				in.Only = "nope"
				_, err := b.Decide(ctx, in, scenario.AtDecision)
				return err
			},
			func(err error) bool { return errors.Is(err, play.ErrUnknown) },
		},
	}
	for name, test := range tests {
		if err := test.do(t.Context()); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := b.outcome(); got != failed {
			t.Errorf("%s changed what plays: %s", name, got)
		}
	}
}

func TestNoMoreThanMaxPlaying(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t, document("by-default", "script: [pass]")))
	for i := range play.MaxPlaying {
		b.play(document("s"+strconv.Itoa(i), "script: [fail: InternalError]"))
	}
	err := b.Play(t.Context(), play.Playing{Source: document("more", "script: [fail: PermissionCheckFailed]")})
	if !errors.Is(err, play.ErrFull) {
		t.Errorf("one more: %v, want ErrFull", err)
	}
	b.play(document("s3", "script: [fail: SystemOverFlow]"))
	if got := b.outcome(); got != "SystemOverFlow" {
		t.Errorf("one that replaces another: %s", got)
	}
}
