package console

import (
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// took says in a list how a call went for its client: how long it took, or what became of the reply instead.
func took(d journal.Delivery) string {
	spent := shortDuration(d.DurationMicros)
	switch d.State {
	case journal.Whole:
		return spent
	case journal.Delayed, journal.Dripped, journal.Abandoned:
		return string(d.State) + " " + spent
	case journal.Pending, journal.Reset, journal.Closed, journal.Truncated, journal.Stalled:
	}
	return string(d.State)
}

// Open tells whether the call is still going on.
func (p callPage) Open() bool {
	return p.Delivery.State == journal.Pending || p.Delivery.State == journal.Stalled
}

// Delivered tells how the reply reached the client; empty where that was at once and whole.
func (p callPage) Delivered() string {
	d, scripted := p.Delivery, ""
	if d.DelayMillis > 0 {
		scripted = " after a delay of " + shortDuration(1000*d.DelayMillis)
	}
	switch d.State {
	case journal.Pending:
		return "The reply is still on its way: it is sent" + scripted + dripping(d) + "."
	case journal.Delayed:
		return "The reply was sent" + scripted + "."
	case journal.Dripped:
		return "The reply was sent" + scripted + dripping(d) + "."
	case journal.Reset:
		return "Instead of the reply the connection was reset" + scripted + "."
	case journal.Closed:
		return closedSentence(d, scripted)
	case journal.Truncated:
		return fmt.Sprintf("Of the body %d of %d bytes were sent%s, then the connection was closed.",
			d.Bytes, p.Response.BodyBytes, scripted)
	case journal.Stalled:
		return "The reply is not sent, for as long as the client waits."
	case journal.Abandoned:
		return fmt.Sprintf("The client left after %s, before it had the reply.", shortDuration(d.DurationMicros))
	case journal.Whole:
	}
	return ""
}

func dripping(d journal.Delivery) string {
	if d.Network == "" {
		return ""
	}
	return ", a few bytes at a time"
}

// closedSentence knows who closed the connection: a scenario, by its word, or the emulator by its end.
func closedSentence(d journal.Delivery, scripted string) string {
	if d.Network == "close" {
		return "Instead of the reply the connection was closed" + scripted + "."
	}
	return "The emulator stopped before the reply was sent, and closed the connection."
}
