package client

import (
	"context"
	"fmt"
	"time"
)

// SandboxOption says how a test's sandbox differs from one that is filled in by the server.
type SandboxOption func(*plan)

// plan is what a test's sandbox is made from.
type plan struct {
	definition Definition
	plays      []play
	// keeps says that the sandbox outlives a test that failed.
	keeps bool
	// wrong says what no sandbox can be made from.
	wrong string
}

// play is a scenario to play: a known one, or one that brings its document.
type play struct{ name, yaml string }

func (p play) start(ctx context.Context, c *Client, id string) error {
	if p.yaml == "" {
		return c.PlayScenario(ctx, id, p.name)
	}
	return c.PlayDocument(ctx, id, p.name, p.yaml)
}

// ID names the sandbox; a name that is taken fails the test.
func ID(id string) SandboxOption { return func(p *plan) { p.definition.ID = id } }

// Seed fixes all chance in the sandbox, to repeat a run whose seed a report showed.
func Seed(seed uint64) SandboxOption { return func(p *plan) { p.definition.Seed = &seed } }

// At starts the clock at that time, which the zero time is not; without it the clock starts at real time.
func At(now time.Time) SandboxOption {
	return func(p *plan) {
		p.definition.Now = now
		if now.IsZero() {
			p.wrong = "At: " + zeroTime
		}
	}
}

// SignatureTime chooses by which time signatures are judged. Without it they are good by the sandbox's clock or by real
// time, so that an app whose SDK signs with real time works on when the clock was moved; with SignedByClock it is
// refused then, as an app with a wrong clock is.
func SignatureTime(rule SignatureTimeRule) SandboxOption {
	return func(p *plan) { p.definition.SignatureTime = rule }
}

// Frozen starts the sandbox with its clock standing still.
func Frozen() SandboxOption { return func(p *plan) { p.definition.Frozen = true } }

// Given uses these credentials instead of generated ones. A gateway whose list is nil still gets one.
func Given(credentials Credentials) SandboxOption {
	return func(p *plan) { p.definition.Credentials = credentials }
}

// Only limits what exists in the sandbox.
func Only(fixtures Fixtures) SandboxOption { return func(p *plan) { p.definition.Fixtures = fixtures } }

// Quota changes the documented rate limit of an operation: "off", or "5/s".
func Quota(operation, rate string) SandboxOption {
	return func(p *plan) {
		if p.definition.Quotas == nil {
			p.definition.Quotas = map[string]string{}
		}
		p.definition.Quotas[operation] = rate
	}
}

// TTL has the server remove the sandbox when nothing used it for so long in real time, so that a run that is broken off
// leaves nothing behind on a server that others share.
func TTL(idle time.Duration) SandboxOption { return func(p *plan) { p.definition.TTL = idle.String() } }

// KeepOnFailure leaves the sandbox of a test that failed where it is, and the test's log says where to look: at what
// came in, why it was refused, and what plays. On an emulator that ends with the test there is nothing to look at: use
// it with Connect.
func KeepOnFailure() SandboxOption { return func(p *plan) { p.keeps = true } }

// Play plays known scenarios. Of all that play, the last one wins.
func Play(names ...string) SandboxOption {
	return func(p *plan) {
		for _, name := range names {
			p.plays = append(p.plays, play{name: name})
		}
	}
}

// Script plays a scenario that is written in YAML, under that name.
func Script(name, yaml string) SandboxOption {
	return func(p *plan) { p.plays = append(p.plays, play{name, yaml}) }
}

// Sandbox makes a fresh sandbox for a test and removes it when the test ends. It fails the test when it cannot.
func (e *Emulator) Sandbox(t T, options ...SandboxOption) *Box {
	t.Helper()
	var p plan
	for _, set := range options {
		set(&p)
	}
	if p.wrong != "" {
		t.Fatalf("make a sandbox: %s", p.wrong)
	}
	made := time.Now() //nolint:forbidigo // it is compared with the real time of calls
	box, err := e.control.CreateSandbox(t.Context(), p.definition)
	if err != nil {
		t.Fatalf("make a sandbox: %v", err)
	}
	t.Cleanup(func() { e.remove(t, box, p.keeps) })
	b := e.box(t, box)
	b.plays, b.made = p.plays, made
	b.start()
	return b
}

// Open returns a sandbox that exists, such as "default", which gets the calls whose credential nobody knows. It stays
// when the test ends.
func (e *Emulator) Open(t T, id string) *Box {
	t.Helper()
	box, err := e.control.Sandbox(t.Context(), id)
	if err != nil {
		t.Fatalf("open the sandbox %s: %v", id, err)
	}
	return e.box(t, box)
}

// remove ends a test's sandbox. The test's own context has ended by then.
func (e *Emulator) remove(t T, box Sandbox, keeps bool) {
	t.Helper()
	if t.Failed() {
		t.Logf("%s", describe(box.ID, box.Seed))
		e.keepWorld(t, box.ID)
		if keeps {
			t.Logf("%s", e.whereToLook(box.ID))
			return
		}
	}
	if err := e.control.RemoveSandbox(context.WithoutCancel(t.Context()), box.ID); err != nil && !isUnknown(err) {
		t.Errorf("remove the sandbox %s: %v", box.ID, err)
	}
}

// describe names a sandbox in a report, with what repeats its chance.
func describe(id string, seed uint64) string { return fmt.Sprintf("sandbox %s, seed %d", id, seed) }

// whereToLook says how to look into a sandbox that is kept.
func (e *Emulator) whereToLook(id string) string {
	control := e.control.URL()
	text := fmt.Sprintf("sandbox %s is kept: look at %s/console/calls?sandbox=%s, or with\n"+
		"  tokenstage requests --control %s --sandbox %s\nand remove it with\n"+
		"  tokenstage sandbox rm --control %s %s", id, control, id, control, id, control, id)
	if e.endsWithTest {
		text += "\nas long as this emulator runs, which ends with the test that started it; " +
			"client.Connect uses one that stays"
	}
	return text
}
