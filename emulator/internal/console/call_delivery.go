package console

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// ending is how a call ended for its client, which is more than what Tokenstage answered: a reply can be lost.
type ending struct {
	// Word is the outcome, or what became of the reply where the client has none.
	Word string
	// Name is what an error is called whose code is a mere number; empty for others.
	Name string
	// Class is "ok", "failed", "lost" for a reply that did not arrive whole, or "open" for a call that is going on.
	Class string
	// Lost is the reply that the client did not get, or does not have yet; empty where it has it.
	Lost string
	// Late says that the reply came after a delay or in drips, with the word for it; empty for others.
	Late string
}

// endingOf says how a call ended.
func endingOf(e *journal.Entry) ending {
	v := ending{Word: e.Outcome, Class: "failed"}
	if e.Outcome == wire.OutcomeOK {
		v.Class = "ok"
	}
	reply := fmt.Sprintf("%s %d", e.Outcome, e.Status)
	switch d := e.Delivery; d.State {
	case journal.Pending:
		v.Word, v.Class, v.Lost = string(d.State), "open", reply+" is still to come"
	case journal.Stalled:
		v.Word, v.Class, v.Lost = string(d.State), "open", reply+" is not sent"
	case journal.Reset, journal.Closed, journal.Abandoned:
		v.Word, v.Class, v.Lost = string(d.State), "lost", "instead of "+reply
	case journal.Truncated:
		v.Word, v.Class = string(d.State), "lost"
		v.Lost = fmt.Sprintf("%d of %d bytes of %s", d.Bytes, e.Response.BodyBytes, reply)
	case journal.Delayed, journal.Dripped:
		v.Late = string(d.State)
	case journal.Whole:
	}
	return v
}

// timeline is where the time of a call went, up to now where it is still going on.
type timeline struct {
	// Spent is how long the call took for its client, or has taken so far.
	Spent int64 // microseconds
	// Running says that the call is still going on.
	Running bool
	Parts   []timePart
}

// timePart is a while of a call.
type timePart struct {
	Kind string // "decide", "wait", "send" or "open": what was done meanwhile
	Text string
	// Micros is how long it lasted.
	Micros int64
	// X and Width are those of its part in the picture, of timelineWidth in all.
	X, Width int
}

const (
	// timelineWidth is how wide the picture of a timeline is.
	timelineWidth = 100
	// narrowestPart is how wide a part is at least, so that it can be seen.
	narrowestPart = 3
)

// timelineOf says where the time of a call went: what Tokenstage took to decide, what a scenario had the reply wait,
// and what sending it took.
func (c *console) timelineOf(e *journal.Entry) timeline {
	d := e.Delivery
	t := timeline{Spent: max(d.DurationMicros, e.DurationMicros), Running: d.Open()}
	if t.Running {
		t.Spent = max(t.Spent, c.World.RealNow().Sub(e.Arrived).Microseconds())
	}
	t.add("decide", "deciding", e.DurationMicros)
	left := t.Spent - e.DurationMicros
	waited := min(1000*d.DelayMillis, left)
	t.add("wait", "waiting, as a scenario wants", waited)
	switch left -= waited; {
	case t.Running:
		t.add("open", "and going on", left)
	case d.State == journal.Abandoned:
		t.add("open", "until the client left", left)
	default:
		t.add("send", "sending", left)
	}
	t.draw()
	return t
}

func (t *timeline) add(kind, text string, micros int64) {
	if micros > 0 {
		t.Parts = append(t.Parts, timePart{Kind: kind, Text: text, Micros: micros})
	}
}

// draw gives every part its place.
func (t *timeline) draw() {
	room, x := int64(timelineWidth-narrowestPart*len(t.Parts)), 0
	for i := range t.Parts {
		p := &t.Parts[i]
		p.X, p.Width = x, narrowestPart+int(room*p.Micros/max(t.Spent, 1))
		x += p.Width
	}
}

// Drawn tells whether a picture says more than the number beside it.
func (t timeline) Drawn() bool {
	return t.Running || len(t.Parts) > 1 && t.Spent >= drawnFrom.Microseconds()
}

// drawnFrom is the time from which on people wait for a call.
const drawnFrom = 100 * time.Millisecond

// Open tells whether the call is still going on.
func (p callPage) Open() bool { return p.Delivery.Open() }

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
