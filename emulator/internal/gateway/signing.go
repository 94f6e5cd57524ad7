package gateway

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Stamp is the time that a signed request carries, as its gateway reads it.
type Stamp struct {
	// Text is what the client wrote, At what it means.
	Text string
	At   time.Time
	// Window is how far it may lie from the gateway's time, either way.
	Window time.Duration
	// Write writes an instant as clients of the gateway should.
	Write func(time.Time) string
	// Habit is what is odd about the way in which the client wrote it, which then explains a distance.
	Habit []wire.Finding
	// Zone explains a distance, ahead of the right time, by the zone of a client that is right otherwise; it finds
	// nothing where none does. Nil means that the form of the stamp knows no zones.
	Zone func(ahead time.Duration) []wire.Finding
}

// CheckTime holds the stamp of a request to the rule of its sandbox, and tells the turn by which time it is good.
func CheckTime(turn *sandbox.Turn, s Stamp) error {
	timing := turn.JudgeTime(s.At, s.Window)
	if turn.SignedBy = timing.By; timing.By != "" {
		return nil
	}
	fault := Differ(wire.ExpiredTimestamp, "timestamp", distances(turn, s, timing), goodTimes(turn, s), s.Text)
	fault.Findings = append(fault.Findings, adviseTime(turn, s, timing)...)
	return fault
}

// distances says how far a stamp lies from both times, and what is allowed.
func distances(turn *sandbox.Turn, s Stamp, timing sandbox.Timing) string {
	allowed := map[sandbox.SignatureTime]string{
		sandbox.ByEither: "of either", sandbox.ByClock: "of the sandbox's clock", sandbox.ByReal: "of real time",
	}
	rule := turn.Signing()
	return fmt.Sprintf(
		"The timestamp is %s the sandbox's clock and %s real time; it must lie within %s %s (signatureTime %s).",
		aside(timing.FromClock), aside(timing.FromReal), duration.Text(s.Window), allowed[rule], rule)
}

// aside says how far a time is ahead of another.
func aside(ahead time.Duration) string {
	if ahead < 0 {
		return duration.Text(-ahead) + " behind"
	}
	return duration.Text(ahead) + " ahead of"
}

// goodTimes writes the times that the sandbox would take.
func goodTimes(turn *sandbox.Turn, s Stamp) string {
	clock, real := s.Write(turn.Now)+" by the sandbox's clock", s.Write(turn.Real)+" by real time"
	switch rule := turn.Signing(); {
	case !rule.TakesReal():
		return clock
	case !rule.TakesClock():
		return real
	case s.Write(turn.Now) == s.Write(turn.Real):
		return clock
	}
	return clock + ", " + real
}

// adviseTime says what to do about a time that is not good, where that can be told.
func adviseTime(turn *sandbox.Turn, s Stamp, timing sandbox.Timing) []wire.Finding {
	switch {
	case len(s.Habit) > 0:
		return s.Habit
	case timing.FromReal.Abs() <= s.Window:
		return advice("The client signs with real time, and this sandbox takes the time of its own clock alone. Let it " +
			"sign with that, or make the sandbox with signatureTime either.")
	case timing.FromClock.Abs() <= s.Window:
		return advice("The client signs with the sandbox's clock, and this sandbox takes real time alone. Let it sign with " +
			"that, or make the sandbox with signatureTime either.")
	case turn.ClockMoved:
		return advice(fmt.Sprintf("The sandbox's clock was moved: it is %s real time. Clients whose time does not follow "+
			"can be taken as they are with signatureTime off.", aside(turn.Now.Sub(turn.Real))))
	}
	return zoneAdvice(turn, s, timing)
}

func advice(text string) []wire.Finding {
	return []wire.Finding{{Check: "timestamp", Level: wire.LevelAdvice, Message: text}}
}

// zoneAdvice blames the client's zone where one explains the distance from a time that the sandbox takes. Of two
// explanations at most one is right, so there is none then.
func zoneAdvice(turn *sandbox.Turn, s Stamp, timing sandbox.Timing) []wire.Finding {
	if s.Zone == nil {
		return nil
	}
	var byClock, byReal []wire.Finding
	if turn.Signing().TakesClock() {
		byClock = s.Zone(timing.FromClock)
	}
	if turn.Signing().TakesReal() && !turn.Real.Equal(turn.Now) {
		byReal = s.Zone(timing.FromReal)
	}
	switch {
	case len(byClock) == 0:
		return byReal
	case len(byReal) == 0 || byReal[0].Message == byClock[0].Message:
		return byClock
	}
	return nil
}
