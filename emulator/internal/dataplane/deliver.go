package dataplane

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// delivery is a reply with the way in which a scenario wants it delivered; the zero way is at once and whole.
type delivery struct {
	wire.Reply

	delay   time.Duration
	network scenario.Network
	seen    Observation
}

const (
	// dripSize and dripPause make a slow drip of some 160 bytes a second.
	dripSize  = 16
	dripPause = 100 * time.Millisecond
)

// deliver waits, then writes the reply or does to the connection what the scenario says. It ends early when the client
// leaves or the emulator stops, and then leaves the connection closed.
func (p *Plane) deliver(ctx context.Context, w http.ResponseWriter, d delivery) error {
	if d.delay > 0 && !p.wait(ctx, d.delay) {
		return hangUp(w, false)
	}
	if d.delay > 0 {
		p.extend(w)
	}
	switch d.network {
	case scenario.Reset:
		return hangUp(w, true)
	case scenario.Close:
		return hangUp(w, false)
	case scenario.Stall:
		p.wait(ctx, 0)
		return hangUp(w, false)
	case scenario.Truncate:
		return truncate(w, d.Reply)
	case scenario.Drip:
		return p.drip(ctx, w, d.Reply)
	}
	writeHead(w, d.Reply)
	_, _ = w.Write(d.Body) // a client that went away is no error of the emulator
	return nil
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

// hangUp closes the connection without a word; reset makes the close a RST, which clients see as "connection reset".
func hangUp(w http.ResponseWriter, reset bool) error {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take over the connection: %w", err)
	}
	if secure, ok := conn.(*tls.Conn); ok && reset {
		conn = secure.NetConn() // closing the other would send an alert, which is a word
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // the close below is then a RST
	}
	_ = conn.Close()
	return nil
}

// truncate announces the whole body and closes the connection after half of it.
func truncate(w http.ResponseWriter, reply wire.Reply) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	writeHead(w, reply)
	_, _ = w.Write(reply.Body[:len(reply.Body)/2])
	if err := http.NewResponseController(w).Flush(); err != nil {
		return fmt.Errorf("send half of the body: %w", err)
	}
	return hangUp(w, false)
}

// drip writes the body a few bytes at a time.
func (p *Plane) drip(ctx context.Context, w http.ResponseWriter, reply wire.Reply) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	writeHead(w, reply)
	out := http.NewResponseController(w)
	for rest := reply.Body; len(rest) > 0; {
		n := min(dripSize, len(rest))
		p.extend(w)
		if _, err := w.Write(rest[:n]); err != nil {
			return nil //nolint:nilerr // the client left
		}
		if err := out.Flush(); err != nil {
			return nil //nolint:nilerr // the client left
		}
		if rest = rest[n:]; len(rest) > 0 && !p.wait(ctx, dripPause) {
			return hangUp(w, false)
		}
	}
	return nil
}
