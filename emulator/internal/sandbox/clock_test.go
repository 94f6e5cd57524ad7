package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func pointer[T any](v T) *T { return &v }

func clockIs(t *testing.T, box *sandbox.Sandbox, want time.Time, frozen bool) {
	t.Helper()
	clock, err := box.Clock(t.Context())
	if err != nil || !clock.Now.Equal(want) || clock.Frozen != frozen {
		t.Errorf("the clock reads %v, frozen %v, %v, want %v, %v", clock.Now, clock.Frozen, err, want, frozen)
	}
	if clock.Now.Location() != time.UTC {
		t.Errorf("the clock reads in %v, want UTC", clock.Now.Location())
	}
}

func TestClockStarts(t *testing.T) {
	t.Parallel()
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	past := time.Date(2001, 2, 3, 4, 5, 6, 999999999, time.FixedZone("", 3600))
	for _, c := range []struct {
		name   string
		now    *time.Time
		frozen bool
		want   time.Time // after two hours of real time
	}{
		{"running at real time", nil, false, epoch().Add(2 * time.Hour)},
		{"frozen at real time", nil, true, epoch()},
		{"running from an instant", &past, false, past.Add(2 * time.Hour)},
		{"frozen at an instant", &past, true, past},
		{"running from 1970", pointer(time.Unix(0, 0)), false, time.Unix(7200, 0)},
		{"running into the end of 9999", &last, false, last.Add(time.Second - time.Nanosecond)},
		{"frozen in 9999", &last, true, last},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			box := w.create(t, sandbox.Definition{ID: "box", Now: c.now, Frozen: c.frozen})
			w.passes(2 * time.Hour)
			clockIs(t, box, c.want, c.frozen)
		})
	}
}

func TestChangeClock(t *testing.T) {
	t.Parallel()
	target := time.Date(2030, 6, 1, 0, 0, 0, 5, time.FixedZone("", 3600))
	const hour, minute = time.Hour, time.Minute
	for _, c := range []struct {
		name    string
		frozen  bool // before the change, which comes an hour after the beginning
		change  sandbox.ClockChange
		want    time.Time
		stopped bool
	}{
		{"nothing", false, sandbox.ClockChange{}, epoch().Add(hour), false},
		{"nothing while frozen", true, sandbox.ClockChange{}, epoch(), true},
		{"set", false, sandbox.ClockChange{Now: &target}, target, false},
		{"set while frozen", true, sandbox.ClockChange{Now: &target}, target, true},
		{"advance", false, sandbox.ClockChange{Advance: 59 * minute}, epoch().Add(hour + 59*minute), false},
		{"advance while frozen", true, sandbox.ClockChange{Advance: 59 * minute}, epoch().Add(59 * minute), true},
		{"go back", false, sandbox.ClockChange{Advance: -90 * minute}, epoch().Add(-30 * minute), false},
		{"freeze", false, sandbox.ClockChange{Frozen: pointer(true)}, epoch().Add(hour), true},
		{"run on", true, sandbox.ClockChange{Frozen: pointer(false)}, epoch(), false},
		{
			"set, then advance, then freeze", false,
			sandbox.ClockChange{Now: &target, Advance: minute, Frozen: pointer(true)},
			target.Add(minute), true,
		},
		{"far back", false, sandbox.ClockChange{Now: pointer(time.Unix(0, 1))}, time.Unix(0, 1), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			box := w.create(t, sandbox.Definition{ID: "box", Frozen: c.frozen})
			w.passes(time.Hour)
			clock, err := box.ChangeClock(t.Context(), c.change)
			if err != nil || !clock.Now.Equal(c.want) || clock.Frozen != c.stopped {
				t.Errorf("ChangeClock = %v, %v, %v, want %v, %v", clock.Now, clock.Frozen, err, c.want, c.stopped)
			}
			if clock.Now.Location() != time.UTC {
				t.Errorf("ChangeClock answers in %v, want UTC", clock.Now.Location())
			}
			clockIs(t, box, c.want, c.stopped)
			w.passes(time.Hour + time.Minute)
			if !c.stopped {
				c.want = c.want.Add(time.Minute)
			}
			clockIs(t, box, c.want, c.stopped)
			if turn := begin(t, box); !turn.Now.Equal(c.want) {
				t.Errorf("a turn begins at %v, want %v", turn.Now, c.want)
			}
		})
	}
}

func TestClockRefusesWhatNoTimestampCanSay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]sandbox.ClockChange{
		"before 1970":       {Now: pointer(time.Unix(-1, 0))},
		"after 9999":        {Now: pointer(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))},
		"far too far":       {Now: pointer(time.Unix(1<<60, 0))},
		"advanced too far":  {Now: pointer(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)), Advance: 48 * time.Hour},
		"taken back beyond": {Advance: -100 * 365 * 24 * time.Hour, Frozen: pointer(false)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newBox(t, 1)
			if _, err := box.ChangeClock(t.Context(), change); invalidField(err) != "now" {
				t.Errorf("ChangeClock = %v, want a refusal of now", err)
			}
			clockIs(t, box, epoch(), true)
		})
	}
}

func TestClockAfterResetAndRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	box := w.create(t, sandbox.Definition{ID: "box", Now: &start, Frozen: true})
	change := sandbox.ClockChange{Advance: time.Hour, Frozen: pointer(false)}
	if _, err := box.ChangeClock(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	clockIs(t, box, start, true)

	if err := w.Remove(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	_, readErr := box.Clock(t.Context())
	_, changeErr := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: time.Hour})
	_, beginErr := box.Begin(t.Context())
	for name, err := range map[string]error{"Clock": readErr, "ChangeClock": changeErr, "Begin": beginErr} {
		if !errors.Is(err, sandbox.ErrGone) {
			t.Errorf("%s of a removed sandbox = %v, want ErrGone", name, err)
		}
	}
}
