package client

import (
	"errors"
	"net/http"
	"time"
)

// Box is a sandbox in the hands of a test. Its methods fail the test that made it when the control plane refuses a
// call, so they belong into that test's own goroutine.
type Box struct {
	// ID names the sandbox on the control plane.
	ID string
	// Seed repeats the sandbox's chance.
	Seed uint64
	// ACS, Top and Fabric are the first credentials of each gateway; zero where there are none.
	ACS    ACSCredential
	Top    App
	Fabric App
	// Credentials are all of them.
	Credentials Credentials
	// Endpoints are addresses that this process can reach.
	Endpoints Endpoints
	// MQTT is what MQTT clients are configured with.
	MQTT MQTT

	t       T
	control *Client
	plays   []play    // what it was made with
	made    time.Time // when it was made, by this machine's clock; zero for one that was there
}

func (e *Emulator) box(t T, s Sandbox) *Box {
	endpoints := e.endpoints(s.Endpoints)
	return &Box{
		ID: s.ID, Seed: s.Seed, Credentials: s.Credentials, Endpoints: endpoints,
		MQTT: newMQTT(endpoints, first(s.Credentials.ACS)),
		ACS:  first(s.Credentials.ACS), Top: first(s.Credentials.Top), Fabric: first(s.Credentials.Fabric),
		t: t, control: e.control,
	}
}

func first[E any](list []E) E {
	if len(list) == 0 {
		var none E
		return none
	}
	return list[0]
}

// isUnknown reports whether the control plane said that a thing does not exist.
func isUnknown(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Status == http.StatusNotFound
}

// must fails the test when the control plane refused what was asked for.
func (b *Box) must(what string, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s (%s): %v", what, describe(b.ID, b.Seed), err)
	}
}

// Now is the time on the sandbox's clock.
func (b *Box) Now() time.Time {
	b.t.Helper()
	clock, err := b.control.Clock(b.t.Context(), b.ID)
	b.must("read the clock", err)
	return clock.Now
}

// Advance moves the clock on and returns the new time.
func (b *Box) Advance(step time.Duration) time.Time {
	b.t.Helper()
	return b.change(ClockChange{Advance: step})
}

// Set puts the clock to a time.
func (b *Box) Set(now time.Time) {
	b.t.Helper()
	if now.IsZero() {
		b.t.Fatalf("set the clock (%s): %s", describe(b.ID, b.Seed), zeroTime)
	}
	b.change(ClockChange{Now: now})
}

// zeroTime refuses what Go has for no time at all.
const zeroTime = "the zero time is before 1970; a clock shows the years 1970 to 9999"

// SetReal puts the clock back to real time.
func (b *Box) SetReal() time.Time {
	b.t.Helper()
	return b.change(ClockChange{Real: true})
}

// Freeze makes the clock stand still, and returns the time at which it does.
func (b *Box) Freeze() time.Time {
	b.t.Helper()
	frozen := true
	return b.change(ClockChange{Frozen: &frozen})
}

// Unfreeze lets the clock run on.
func (b *Box) Unfreeze() {
	b.t.Helper()
	frozen := false
	b.change(ClockChange{Frozen: &frozen})
}

func (b *Box) change(change ClockChange) time.Time {
	b.t.Helper()
	clock, err := b.control.ChangeClock(b.t.Context(), b.ID, change)
	b.must("change the clock", err)
	if clock.Warning != "" {
		b.t.Logf("the clock of %s: %s", b.ID, clock.Warning)
	}
	return clock.Now
}

// Play plays a known scenario; it wins over what plays already.
func (b *Box) Play(name string) {
	b.t.Helper()
	b.must("play "+name, b.control.PlayScenario(b.t.Context(), b.ID, name))
}

// Script plays a scenario that is written in YAML, under that name.
func (b *Box) Script(name, yaml string) {
	b.t.Helper()
	b.must("play "+name, b.control.PlayDocument(b.t.Context(), b.ID, name, yaml))
}

// Stop ends a scenario.
func (b *Box) Stop(name string) {
	b.t.Helper()
	b.must("stop "+name, b.control.StopScenario(b.t.Context(), b.ID, name))
}

// Playing lists what plays.
func (b *Box) Playing() []Playing {
	b.t.Helper()
	playing, err := b.control.Playing(b.t.Context(), b.ID)
	b.must("list what plays", err)
	return playing
}

// Tokens lists the tokens that the sandbox issued, the newest first.
func (b *Box) Tokens() []Token {
	b.t.Helper()
	tokens, err := b.control.Tokens(b.t.Context(), b.ID)
	b.must("list the tokens", err)
	return tokens
}

// Expire ends a token as if its time were over.
func (b *Box) Expire(tokenID string) Token {
	b.t.Helper()
	token, err := b.control.ExpireToken(b.t.Context(), b.ID, tokenID)
	b.must("expire token "+tokenID, err)
	return token
}

// Revoke ends a token as if its owner had revoked it.
func (b *Box) Revoke(tokenID string) Token {
	b.t.Helper()
	token, err := b.control.RevokeToken(b.t.Context(), b.ID, tokenID)
	b.must("revoke token "+tokenID, err)
	return token
}

// Redeem uses up a token that can be used once.
func (b *Box) Redeem(tokenID string) Token {
	b.t.Helper()
	token, err := b.control.RedeemToken(b.t.Context(), b.ID, tokenID)
	b.must("redeem token "+tokenID, err)
	return token
}

// Requests returns all entries of the journal that the filter selects, the oldest first. The log of the test says how
// many the journal dropped before.
func (b *Box) Requests(filter Filter) []Entry {
	b.t.Helper()
	entries, dropped, err := b.control.allRequests(b.t.Context(), b.ID, filter)
	b.must("read the journal", err)
	if filter.After < dropped {
		b.t.Logf("the journal dropped %d older calls of %s", dropped, describe(b.ID, b.Seed))
	}
	return entries
}

// Clear empties the journal, so that what is expected later is about later calls only.
func (b *Box) Clear() {
	b.t.Helper()
	b.must("clear the journal", b.control.ClearRequests(b.t.Context(), b.ID))
}

// Reset puts state, clock and journal back to the start, and plays again what the sandbox was made with; credentials
// stay.
func (b *Box) Reset() {
	b.t.Helper()
	b.must("reset the sandbox", b.control.Reset(b.t.Context(), b.ID))
	b.start()
}

// start plays what the sandbox was made with.
func (b *Box) start() {
	b.t.Helper()
	for _, p := range b.plays {
		b.must("play "+p.name, p.start(b.t.Context(), b.control, b.ID))
	}
}
