package emulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/clocktest"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// signedStyles are calls whose signature carries a time, in each style of each gateway.
func signedStyles() map[string]func(t *testing.T, w *world) gatewaytest.Request {
	made := func(name string, asXML bool) func(*testing.T, *world) gatewaytest.Request {
		return func(t *testing.T, w *world) gatewaytest.Request {
			t.Helper()
			api, id, _ := strings.Cut(name, ".")
			operations := w.Catalogue().API(api).Operations
			at := slices.IndexFunc(operations, func(op *contract.Operation) bool { return op.ID == id })
			r := w.requests(t, operations[at], asXML)()
			w.acs.Format, w.top.Format = "", ""
			return r
		}
	}
	return map[string]func(*testing.T, *world) gatewaytest.Request{
		"acs V3": made(applyToken, false), "acs RPC": made(applyToken, true), "acs V3 ROA": made(warrant, false),
		"top": made(uploadToken, false),
	}
}

// newClockWorld is a world whose clock runs with real time until somebody moves it.
func newClockWorld(t *testing.T, rule sandbox.SignatureTime) (*world, *clocktest.Clock) {
	t.Helper()
	real := clocktest.New()
	w := newWorldWith(t, emulator.Options{RealNow: real.Now}, func(def *sandbox.Definition) {
		def.Now, def.Frozen, def.SignatureTime, def.Quotas = nil, false, rule, map[string]string{applyToken: "off"}
	})
	return w, real
}

func (w *world) moveClock(t *testing.T, by time.Duration) {
	t.Helper()
	if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Advance: by}); err != nil {
		t.Fatal(err)
	}
}

// signAt lets the callers sign with that time.
func (w *world) signAt(at time.Time) {
	w.acs.Now = func() time.Time { return at }
	w.top.Now = w.acs.Now
}

// A client goes on with real time, or follows the sandbox's clock, as the sandbox's rule has it.
func TestSignatureTime(t *testing.T) {
	t.Parallel()
	const moved = 59 * time.Minute
	for rule, want := range map[sandbox.SignatureTime]struct{ real, clock, neither string }{
		"":               {"real", "clock", ""},
		sandbox.ByEither: {"real", "clock", ""},
		sandbox.ByClock:  {"", "clock", ""},
		sandbox.ByReal:   {"real", "", ""},
		sandbox.ByNone:   {"off", "off", "off"},
	} {
		for style, make := range signedStyles() {
			t.Run(string(rule)+" "+style, func(t *testing.T) {
				t.Parallel()
				w, real := newClockWorld(t, rule)
				w.signAt(real.Now())
				w.checkSigned(t, make, map[bool]string{true: "off", false: "clock"}[rule == sandbox.ByNone], rule == sandbox.ByReal)
				w.moveClock(t, moved)
				w.signAt(real.Now())
				w.checkSigned(t, make, want.real, false)
				w.signAt(real.Now().Add(moved))
				w.checkSigned(t, make, want.clock, false)
				w.signAt(real.Now().Add(-8 * time.Hour))
				w.checkSigned(t, make, want.neither, false)
			})
		}
	}
}

// checkSigned sends a call, which is good by that time, or refused where none is named.
func (w *world) checkSigned(
	t *testing.T, make func(*testing.T, *world) gatewaytest.Request, by string, real bool,
) {
	t.Helper()
	if real {
		by = "real"
	}
	got := w.do(t, make(t, w))
	e := w.lastEntry(t, w.box, 0)
	if e.SignatureTime != by || (by != "") != (e.Outcome == "ok") {
		t.Errorf("signed by %q with outcome %s, want by %q: %s", e.SignatureTime, e.Outcome, by, got.body)
	}
	if by == "" {
		checkDistances(t, e)
	}
}

// checkDistances wants the refusal of a time to speak of both clocks, and of no zone.
func checkDistances(t *testing.T, e *journal.Entry) {
	t.Helper()
	all := ""
	for _, f := range e.Findings {
		all += f.Message + "\n"
	}
	for _, part := range []string{"the sandbox's clock", "real time", "59m"} {
		if !strings.Contains(all, part) {
			t.Errorf("nothing speaks of %q:\n%s", part, all)
		}
	}
	if strings.Contains(strings.ToLower(all), "zone") || strings.Contains(all, "local time") {
		t.Errorf("the client's zone is blamed:\n%s", all)
	}
}

// What advice a refused time gets: the client's zone is blamed only where nobody moved the clock.
func TestAdviceAboutSignatureTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule          sandbox.SignatureTime
		moved, signed time.Duration
		want          string // in the findings of both gateways
	}{
		"local time":                 {"", 0, -5 * time.Hour, "local time"},
		"old":                        {"", 0, -40 * time.Minute, ""},
		"moved by a zone":            {"", 8 * time.Hour, -5 * time.Hour, "was moved"},
		"moved back":                 {"", -time.Hour, -5 * time.Hour, "1h behind real time"},
		"real time, by clock alone":  {sandbox.ByClock, 8 * time.Hour, 0, "signs with real time"},
		"the clock, by real alone":   {sandbox.ByReal, 8 * time.Hour, 8 * time.Hour, "signs with the sandbox's clock"},
		"neither, and by real alone": {sandbox.ByReal, time.Hour, -5 * time.Hour, "was moved"},
	} {
		for style, make := range signedStyles() {
			t.Run(name+", "+style, func(t *testing.T) {
				t.Parallel()
				w, real := newClockWorld(t, c.rule)
				if c.moved != 0 {
					w.moveClock(t, c.moved)
				}
				w.signAt(real.Now().Add(c.signed))
				w.do(t, make(t, w))
				advice := ""
				for _, f := range w.lastEntry(t, w.box, 0).Findings[1:] {
					advice += f.Message
				}
				if (c.want == "") != (advice == "") || !strings.Contains(advice, c.want) {
					t.Errorf("advice %q, want it about %q", advice, c.want)
				}
			})
		}
	}
}

// A sandbox that was made with a clock of its own has clients that write local time by real time, too.
func TestZoneOfClientsInSandboxesOfAnotherTime(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]time.Time{
		"by the clock": instant.Add(-5 * time.Hour), "by real time": clocktest.Start.Add(1000*24*time.Hour - 5*time.Hour),
	} {
		for style, make := range signedStyles() {
			t.Run(name+", "+style, func(t *testing.T) {
				t.Parallel()
				real := clocktest.New()
				real.Pass(1000 * 24 * time.Hour)
				w := newWorldWith(t, emulator.Options{RealNow: real.Now})
				w.signAt(signed)
				w.do(t, make(t, w))
				findings := w.lastEntry(t, w.box, 0).Findings
				if len(findings) != 2 || !strings.Contains(findings[1].Message, "local time") {
					t.Errorf("findings %+v", findings)
				}
			})
		}
	}
}

// A copy of a request is refused however far the clock was moved meanwhile, and moved back.
func TestReplaysAfterMoves(t *testing.T) {
	t.Parallel()
	for _, rule := range sandbox.SignatureTimes() {
		for style, make := range signedStyles() {
			if style == "top" {
				continue // the gateway knows no nonce
			}
			t.Run(string(rule)+" "+style, func(t *testing.T) {
				t.Parallel()
				w, real := newClockWorld(t, rule)
				w.signAt(real.Now())
				first := make(t, w)
				if got := w.do(t, first); got.code != "" {
					t.Fatal(got.body)
				}
				for _, step := range []time.Duration{0, 16 * time.Minute, 59 * time.Minute, -75 * time.Minute, -time.Hour, time.Hour} {
					w.moveClock(t, step)
					for range 20 {
						w.do(t, make(t, w))
					}
					if got := w.do(t, first); got.code == "" {
						t.Errorf("a copy passed after the clock was moved by %s", step)
					}
				}
				real.Pass(14 * time.Minute)
				if got := w.do(t, first); got.code == "" {
					t.Errorf("a copy passed after 14 minutes")
				}
			})
		}
	}
}
