package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

const window = 15 * time.Minute

func TestJudgeTime(t *testing.T) {
	t.Parallel()
	type by = sandbox.SignatureTime
	for name, c := range map[string]struct {
		signed                  time.Duration // after real time
		either, clock, real, no by            // what each rule finds, with the clock an hour ahead
	}{
		"by real time":             {0, "real", "", "real", "off"},
		"late by real time":        {-window, "real", "", "real", "off"},
		"too late by real time":    {-window - 1, "", "", "", "off"},
		"early by real time":       {window, "real", "", "real", "off"},
		"too early by real time":   {window + 1, "", "", "", "off"},
		"by the clock":             {time.Hour, "clock", "clock", "", "off"},
		"late by the clock":        {time.Hour - window, "clock", "clock", "", "off"},
		"too early by the clock":   {time.Hour + window + 1, "", "", "", "off"},
		"far away":                 {-1000 * time.Hour, "", "", "", "off"},
		"farther than Go can tell": {-1 << 62, "", "", "", "off"},
	} {
		for rule, want := range map[by]by{"": c.either, "either": c.either, "clock": c.clock, "real": c.real, "off": c.no} {
			t.Run(name+", rule "+string(rule), func(t *testing.T) {
				t.Parallel()
				box := newWorld(t, 0).create(t, sandbox.Definition{ID: "box", SignatureTime: rule})
				if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: time.Hour}); err != nil {
					t.Fatal(err)
				}
				got := begin(t, box).JudgeTime(epoch().Add(c.signed), window)
				if got.By != want || got.FromReal != c.signed || got.FromClock != c.signed-time.Hour {
					t.Errorf("%+v, want by %q", got, want)
				}
			})
		}
	}
}

func TestSignatureTimeIsOneOfFour(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"Clock", "both", "none", "eithe", " "} {
		_, err := newWorld(t, 0).Create(t.Context(), sandbox.Definition{ID: "box", SignatureTime: sandbox.SignatureTime(rule)})
		if invalidField(err) != "signatureTime" {
			t.Errorf("%q: %v", rule, err)
		}
	}
}

// The clock of which a turn knows that people moved it.
func TestClockMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	for _, def := range []sandbox.Definition{
		{ID: "real"}, {ID: "frozen", Frozen: true}, {ID: "elsewhere", Now: pointer(epoch().Add(-time.Hour))},
	} {
		box := w.create(t, def)
		if begin(t, box).ClockMoved {
			t.Errorf("%s: moved from the start", def.ID)
		}
		for _, step := range []struct {
			name   string
			change sandbox.ClockChange
			want   bool
		}{
			{"advanced", sandbox.ClockChange{Advance: time.Second}, true},
			{"frozen", sandbox.ClockChange{Frozen: pointer(true)}, true},
			{"run on at real time", sandbox.ClockChange{Now: pointer(epoch()), Frozen: pointer(false)}, false},
			{"set", sandbox.ClockChange{Now: pointer(epoch().Add(1))}, true},
		} {
			if _, err := box.ChangeClock(t.Context(), step.change); err != nil {
				t.Fatal(err)
			}
			if got := begin(t, box).ClockMoved; got != step.want {
				t.Errorf("%s, %s: moved %v", def.ID, step.name, got)
			}
		}
		if err := box.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if begin(t, box).ClockMoved {
			t.Errorf("%s: moved after a reset", def.ID)
		}
	}
}

// signer sends requests to a sandbox, as far as nonces go.
type signer struct {
	*world
	box *sandbox.Sandbox
}

var errUsed = errors.New("used")

// send is a request with a nonce that was signed at that time. It returns by which time it was good, "used" for a replay
// that is found out, or nothing for a time that is refused.
func (s signer) send(t *testing.T, nonce string, signed time.Time) string {
	t.Helper()
	turn := begin(t, s.box)
	timing := turn.JudgeTime(signed, window)
	if turn.SignedBy = timing.By; timing.By == "" {
		return ""
	}
	turn.ClaimNonce(nonce, signed, window, func() error { return errUsed })
	switch err := turn.Settle(t.Context()); {
	case errors.Is(err, errUsed):
		return "used"
	case err != nil:
		t.Fatal(err)
	}
	return string(timing.By)
}

// A replay is never accepted, wherever the clock and real time went meanwhile.
func TestReplays(t *testing.T) {
	t.Parallel()
	for _, rule := range sandbox.SignatureTimes() {
		for _, ahead := range []time.Duration{0, 40 * time.Minute, -40 * time.Minute, 9000 * time.Hour, -9000 * time.Hour} {
			for _, signed := range []time.Duration{0, ahead, ahead - window, ahead + window, window} {
				t.Run(string(rule)+" "+ahead.String()+" "+signed.String(), func(t *testing.T) {
					t.Parallel()
					checkReplays(t, rule, ahead, signed)
				})
			}
		}
	}
}

func checkReplays(t *testing.T, rule sandbox.SignatureTime, ahead, signed time.Duration) {
	t.Helper()
	start := epoch().Add(ahead)
	w := newWorld(t, 0)
	s := signer{w, w.create(t, sandbox.Definition{ID: "box", Now: &start, SignatureTime: rule})}
	stamp := epoch().Add(signed)
	if s.send(t, "first", stamp) == "" {
		return // never accepted, so there is nothing to replay
	}
	step := 0
	others := func() { // make the table of nonces forget what it may
		for _, at := range []time.Time{begin(t, s.box).Now, begin(t, s.box).Real} {
			for range 20 {
				step++
				s.send(t, time.Duration(step).String(), at)
			}
		}
	}
	replay := func(what string) {
		t.Helper()
		others()
		if got := s.send(t, "first", stamp); got != "used" && got != "" {
			t.Errorf("%s: a replay passed by %s", what, got)
		}
	}
	for _, passed := range []time.Duration{0, 14, 16, 25, 30, 39, 41, 55, 69, 71, 9000 * 60} {
		w.passes(passed * time.Minute)
		replay("after " + (passed * time.Minute).String())
		for _, move := range []time.Duration{59 * time.Minute, -59 * time.Minute, 48 * time.Hour, -48 * time.Hour} {
			if _, err := s.box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: move}); err != nil {
				t.Fatal(err)
			}
			replay("after " + (passed * time.Minute).String() + ", the clock moved by " + move.String())
		}
		real := *w.real.Load()
		if _, err := s.box.ChangeClock(t.Context(), sandbox.ClockChange{Now: &real}); err != nil {
			t.Fatal(err)
		}
		replay("after " + (passed * time.Minute).String() + ", the clock at real time")
		again := real.Add(ahead)
		if _, err := s.box.ChangeClock(t.Context(), sandbox.ClockChange{Now: &again}); err != nil {
			t.Fatal(err)
		}
	}
}

// A nonce is good again in a new request, once the window is over by the time that this one is good by.
func TestNonceComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	s := signer{w, w.create(t, sandbox.Definition{ID: "box"})}
	later := epoch().Add(window + 2*time.Second)
	for _, step := range []struct {
		name    string
		advance time.Duration
		passed  time.Duration
		signed  time.Time
		want    string
	}{
		{"first", 0, 0, epoch(), "clock"},
		{"within the window, by the clock", window, 0, epoch().Add(window), "used"},
		{"after it, by real time", 2 * time.Second, 0, epoch(), "used"},
		{"after it, by the clock", 0, 0, later, "clock"},
		{"after the window of the second", time.Hour, 2*window + 6*time.Second, epoch().Add(2*window + 6*time.Second), "real"},
	} {
		w.passes(step.passed)
		if _, err := s.box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: step.advance}); err != nil {
			t.Fatal(err)
		}
		if got := s.send(t, "nonce", step.signed); got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
}
