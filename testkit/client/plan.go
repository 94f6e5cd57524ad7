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

// At starts the clock at that time; without it the clock starts at real time.
func At(now time.Time) SandboxOption { return func(p *plan) { p.definition.Now = now } }

// Frozen starts the sandbox with its clock standing still. Clients sign with their own clock: without At the clock
// stands at real time, and calls are refused as too old once the gateway's window has passed.
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
	box, err := e.control.CreateSandbox(t.Context(), p.definition)
	if err != nil {
		t.Fatalf("make a sandbox: %v", err)
	}
	t.Cleanup(func() { e.remove(t, box) })
	b := e.box(t, box)
	b.plays = p.plays
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
func (e *Emulator) remove(t T, box Sandbox) {
	t.Helper()
	if t.Failed() {
		t.Logf("%s", describe(box.ID, box.Seed))
	}
	if err := e.control.RemoveSandbox(context.WithoutCancel(t.Context()), box.ID); err != nil && !isUnknown(err) {
		t.Errorf("remove the sandbox %s: %v", box.ID, err)
	}
}

// describe names a sandbox in a report, with what repeats its chance.
func describe(id string, seed uint64) string { return fmt.Sprintf("sandbox %s, seed %d", id, seed) }
