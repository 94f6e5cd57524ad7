package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// delivery is a reply with the way in which a scenario wants it delivered; the zero way is at once and whole.
type delivery struct {
	wire.Reply

	effects scenario.Effects
	seen    Observation
	// turn and seq are those of the call's entry in the journal; seq is zero when there is none.
	turn *sandbox.Turn
	seq  uint64
}

const (
	// dripSize and dripPause make a slow drip of some 160 bytes a second.
	dripSize  = 16
	dripPause = 100 * time.Millisecond
)

// expected is the delivery that the entry of a call is made with: what will be, where that is sure by then, or else
// that it is pending.
func expected(req *wire.Request, v verdict) journal.Delivery {
	d := journal.Delivery{DelayMillis: v.effects.Delay.Milliseconds(), Network: string(v.effects.Network)}
	switch {
	case waitsForClient(v.effects):
		d.State = journal.Stalled
	case v.effects.Delay > 0 || isSlow(v.effects):
		d.State = journal.Pending
	default:
		d.State, d.Bytes = outcomeOf(req, v.reply, v.effects)
	}
	return d
}

// waitsForClient tells whether nothing is sent before the client gave up.
func waitsForClient(e scenario.Effects) bool {
	return e.Network == scenario.Stall || e.Network == scenario.Late
}

// isSlow tells whether the body is sent in slices.
func isSlow(e scenario.Effects) bool {
	if e.Network == scenario.Reset || e.Network == scenario.Close {
		return false
	}
	return e.Network == scenario.Drip || e.Between > 0 || e.Flow.Rate > 0
}

// outcomeOf is what comes of a reply that is sent with these effects, and how many bytes of its body are.
func outcomeOf(req *wire.Request, reply *wire.Reply, e scenario.Effects) (journal.State, int) {
	size := len(reply.Body)
	if req.Method == http.MethodHead || reply.Status == http.StatusNoContent || reply.Status == http.StatusNotModified {
		size = 0 // HTTP sends no body then
	}
	switch {
	case e.Network == scenario.Reset:
		return journal.Reset, 0
	case e.Network == scenario.Close:
		return journal.Closed, 0
	case e.Network == scenario.Truncate && cutOf(size, e) < max(size, 1):
		return journal.Truncated, cutOf(size, e)
	case isSlow(e):
		return journal.Dripped, size
	case e.Delay > 0:
		return journal.Delayed, size
	}
	return journal.Whole, size
}

// cutOf is how much is sent of a body of that size.
func cutOf(size int, e scenario.Effects) int {
	switch {
	case e.Network != scenario.Truncate:
		return size
	case e.Flow.Cut == 0:
		return size / 2
	}
	return min(e.Flow.Cut, size)
}

// deliver waits, then writes the reply or does to the connection what the scenario says. It ends early when the client
// leaves or the emulator stops, and then leaves the connection closed. What becomes of the reply is journaled before
// the client can know it, so whoever looks into the journal after that finds it there.
func (p *Plane) deliver(ctx context.Context, w http.ResponseWriter, d *delivery) error {
	e := d.effects
	if e.Delay > 0 && !p.wait(ctx, e.Delay) {
		return p.breakOff(ctx, w, d, 0)
	}
	if e.Delay > 0 {
		p.extend(w)
	}
	if waitsForClient(e) {
		p.wait(ctx, 0)
		if e.Network == scenario.Late && ctx.Err() != nil {
			return p.answerLate(ctx, w, d)
		}
		return p.breakOff(ctx, w, d, 0)
	}
	if isSlow(e) {
		return p.sendSlowly(ctx, w, d)
	}
	state, size := outcomeOf(d.seen.Request, &d.Reply, e)
	p.settle(ctx, d, state, size)
	if e.Network == scenario.Reset || e.Network == scenario.Close {
		return hangUp(w, e.Network == scenario.Reset)
	}
	if state == journal.Truncated {
		return truncate(w, d.Reply, cutOf(len(d.Body), e))
	}
	writeHead(w, d.Reply)
	if n, err := w.Write(d.Body); failed(err) {
		p.settle(ctx, d, journal.Abandoned, n)
	}
	return nil
}

// answerLate writes the reply once the client gave up: one that closed only its own side of the connection still
// reads it.
func (p *Plane) answerLate(ctx context.Context, w http.ResponseWriter, d *delivery) error {
	p.settle(ctx, d, journal.Abandoned, 0)
	p.extend(w)
	w.Header().Set("Connection", "close")
	writeHead(w, d.Reply)
	_, _ = w.Write(d.Body) // most clients are gone
	return nil
}

// failed tells whether an error of writing a body says that the client is gone. HTTP itself wants no body with some
// statuses, or another length than a script announced.
func failed(err error) bool {
	return err != nil && !errors.Is(err, http.ErrBodyNotAllowed) && !errors.Is(err, http.ErrContentLength)
}

// breakOff closes the connection of a call that did not end as the scenario wanted, because the client left or the
// emulator stops.
func (p *Plane) breakOff(ctx context.Context, w http.ResponseWriter, d *delivery, sent int) error {
	state := journal.Closed
	if ctx.Err() != nil {
		state = journal.Abandoned
	}
	p.settle(ctx, d, state, sent)
	return hangUp(w, false)
}

// settle notes what became of a reply, and journals it where the call's entry says something else.
func (p *Plane) settle(ctx context.Context, d *delivery, state journal.State, sent int) {
	now := &d.seen.Delivery
	if now.State == state {
		return
	}
	now.State, now.Bytes = state, sent
	now.DurationMicros = p.world.RealNow().Sub(d.seen.Arrived).Microseconds()
	if d.seq == 0 {
		return
	}
	known := journal.Delivered{Seq: d.seq, Delivery: *now}
	if err := p.world.RecordDelivery(context.WithoutCancel(ctx), d.turn, known); err != nil {
		p.options.Log.Error("the journal did not take a delivery", "request", d.seen.RequestID, "error", err)
	}
}

// extend gives the client the time to take what is written next, however long a script waited before.
func (p *Plane) extend(w http.ResponseWriter) {
	deadline := time.Now().Add(p.options.WriteTimeout) //nolint:forbidigo // sockets live in real time
	_ = http.NewResponseController(w).SetWriteDeadline(deadline)
}

func writeHead(w http.ResponseWriter, reply wire.Reply) {
	header := w.Header()
	for name, values := range reply.Header {
		header[name] = values
	}
	w.WriteHeader(reply.Status)
}

// netConn is a connection over another one.
type netConn interface{ NetConn() net.Conn }

// hangUp closes the connection without a word; reset makes the close a RST, which clients see as "connection reset".
func hangUp(w http.ResponseWriter, reset bool) error {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take over the connection: %w", err)
	}
	for below, ok := conn.(netConn); ok && reset; below, ok = conn.(netConn) {
		conn = below.NetConn() // closing that of TLS would send an alert, which is a word
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // the close below is then a RST
	}
	_ = conn.Close()
	return nil
}

// truncate announces the whole body and closes the connection after a part of it.
func truncate(w http.ResponseWriter, reply wire.Reply, cut int) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	writeHead(w, reply)
	_, _ = w.Write(reply.Body[:cut])
	if err := http.NewResponseController(w).Flush(); err != nil {
		return fmt.Errorf("send a part of the body: %w", err)
	}
	return hangUp(w, false)
}

// sendSlowly writes the body a few bytes at a time, whole or up to where it is cut.
func (p *Plane) sendSlowly(ctx context.Context, w http.ResponseWriter, d *delivery) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(d.Body)))
	writeHead(w, d.Reply)
	state, size := outcomeOf(d.seen.Request, &d.Reply, d.effects)
	out, pace, end := http.NewResponseController(w), pacingOf(d.effects), cutOf(len(d.Body), d.effects)
	for sent, n := 0, 1; sent < end; n++ {
		next := min(pace.end(n), end)
		if next == end {
			p.settle(ctx, d, state, size)
		}
		p.extend(w)
		_, err := w.Write(d.Body[sent:next])
		if err == nil {
			err = out.Flush()
		}
		if failed(err) {
			p.settle(ctx, d, journal.Abandoned, sent)
			return nil
		}
		if sent = next; sent < end && !p.wait(ctx, pace.pause) {
			return p.breakOff(ctx, w, d, sent)
		}
	}
	p.settle(ctx, d, state, size) // of a reply without a body
	if state == journal.Truncated {
		return hangUp(w, false)
	}
	return nil
}

// pacing is how a slow body is sent: a slice, a pause, and so on.
type pacing struct {
	pause time.Duration
	rate  int // bytes a second; zero for slices of dripSize
}

func pacingOf(e scenario.Effects) pacing {
	s := pacing{pause: dripPause, rate: e.Flow.Rate}
	if e.Between > 0 {
		s.pause = e.Between
	}
	if s.rate > 0 { // a slice has a byte at least
		s.pause = max(s.pause, time.Second/time.Duration(s.rate))
	}
	return s
}

// end is how many bytes are sent with the n-th slice, counted from 1: so many that the rate is kept on the whole.
func (s pacing) end(n int) int {
	if s.rate == 0 {
		return n * dripSize
	}
	return max(n, int(float64(s.rate)*s.pause.Seconds()*float64(n)))
}
