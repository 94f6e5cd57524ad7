package sandbox

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// SignatureTime is the rule by which a sandbox judges the time that a request was signed at.
type SignatureTime string

// The rules. Clients mostly sign with real time, which people leave behind when they move a sandbox's clock.
const (
	// ByEither takes what lies within the gateway's window of the clock or of real time. It is the rule where a
	// definition names none.
	ByEither SignatureTime = "either"
	// ByClock and ByReal take only what lies within the window of that one time.
	ByClock SignatureTime = "clock"
	ByReal  SignatureTime = "real"
	// ByNone takes any time.
	ByNone SignatureTime = "off"
)

// SignatureTimes are all rules.
func SignatureTimes() []SignatureTime { return []SignatureTime{ByEither, ByClock, ByReal, ByNone} }

// validate refuses what is no rule; empty means ByEither.
func (s SignatureTime) validate() error {
	switch s {
	case "", ByEither, ByClock, ByReal, ByNone:
		return nil
	}
	return &InvalidError{"signatureTime", fmt.Sprintf("must be either, clock, real or off, got %q", string(s))}
}

// Signing is the rule of the sandbox.
func (b *Sandbox) Signing() SignatureTime {
	if b.SignatureTime == "" {
		return ByEither
	}
	return b.SignatureTime
}

// TakesClock and TakesReal report whether the rule takes requests that are signed with that time, however far it is
// from the other.
func (s SignatureTime) TakesClock() bool { return s != ByReal }

// TakesReal is TakesClock for real time.
func (s SignatureTime) TakesReal() bool { return s != ByClock }

// Timing is how the time of a signature lies to those that a sandbox knows.
type Timing struct {
	// FromClock and FromReal are how far it is ahead of the sandbox's clock and of real time; behind is negative.
	FromClock, FromReal time.Duration
	// By is the time by which it is good, ByClock or ByReal, or ByNone where any is; empty where it is not good.
	By SignatureTime
}

// JudgeTime holds the time of a signature to the sandbox's rule. The window is its gateway's, either way.
func (t *Turn) JudgeTime(signed time.Time, window time.Duration) Timing {
	timing := Timing{FromClock: signed.Sub(t.Now), FromReal: signed.Sub(t.Real)}
	switch rule := t.Signing(); {
	case rule == ByNone:
		timing.By = ByNone
	case rule.TakesClock() && timing.FromClock.Abs() <= window:
		timing.By = ByClock
	case rule.TakesReal() && timing.FromReal.Abs() <= window:
		timing.By = ByReal
	}
	return timing
}

// ClaimNonce remembers a key with the turn's next access to the store: for the window, and for as long as a request
// that was signed at that time could be accepted. A claim that comes too late ends the turn with the error of refused.
func (t *Turn) ClaimNonce(key string, signed time.Time, window time.Duration, refused func() error) {
	claim := &store.Claim{Key: key, Now: t.Now, Forget: t.forgetNonces()}
	if t.SignedBy == ByReal {
		claim.Now = t.Real
	}
	if t.Signing() != ByNone { // where any time is good, the nonce alone tells a request from its copy
		last := claim.Now // the window counts from the later of both clocks: a request dated ahead stays good for longer
		if signed.After(last) {
			last = signed
		}
		claim.Expires = last.Add(window + 1) // at the very end of the window a time is still good
	}
	t.conditions = append(t.conditions, condition{claim, refused})
}

// forgetNonces is the instant up to which nonces may be forgotten once they expired. What real time has left behind can
// be good by a clock that runs behind it, and the other way round; and a clock that people moved can be set back to
// where it was, or to real time.
func (t *Turn) forgetNonces() time.Time {
	earliest := t.Real
	if !t.Signing().TakesClock() {
		return earliest
	}
	if t.Now.Before(earliest) {
		earliest = t.Now
	}
	if lowest := time.Unix(t.lowest, 0); t.lowest != 0 && lowest.Before(earliest) {
		earliest = lowest
	}
	return earliest
}
