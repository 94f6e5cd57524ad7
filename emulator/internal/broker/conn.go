package broker

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Times in which sockets must do what they are asked to; sockets live in real time.
const (
	// maxConnectTime is how long a client may take until its CONNECT has come.
	maxConnectTime = 10 * time.Second
	// maxWriteTime is how long a client may take to read what is sent to it, lastWords for what is said before a cut.
	maxWriteTime = 30 * time.Second
	lastWords    = 200 * time.Millisecond
	// drainTime is how long a client may take to close its side, so that it reads what was said last: closing with bytes
	// unread would be a RST, which can take that away from it.
	drainTime = 300 * time.Millisecond
	// maxDrained is how much is taken off the connection meanwhile.
	maxDrained = 1 << 20
)

// conn is the connection of a client. What was read of it ahead is read again by the library.
type conn struct {
	net.Conn

	broker  *Broker
	scheme  string // mqtt, mqtts or ws
	address string // at which it came
	arrived time.Time
	session atomic.Pointer[session]

	// ahead is read before the connection.
	ahead []byte
	// acknowledged says that the client has its CONNACK, so the library's own is kept back.
	acknowledged atomic.Bool

	reading sync.Mutex
	closing atomic.Bool
	hurried atomic.Bool // what is still said are last words
	abrupt  atomic.Bool // the end is a reset
}

func (b *Broker) newConn(c net.Conn, scheme, address string) *conn {
	return &conn{Conn: c, broker: b, scheme: scheme, address: address, arrived: b.world.RealNow()}
}

// now is the time of sockets.
func (*conn) now() time.Time { return time.Now() } //nolint:forbidigo // sockets live in real time

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.closing.Load() {
		return 0, net.ErrClosed
	}
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if c.closing.Load() {
		return n, net.ErrClosed
	}
	return n, err
}

// Write implements net.Conn. The time that it may take does not depend on what was read last.
func (c *conn) Write(p []byte) (int, error) {
	if c.acknowledged.Swap(false) {
		return len(p), nil // the first that the library writes is its CONNACK
	}
	limit := maxWriteTime
	if c.hurried.Load() {
		limit = lastWords
	}
	_ = c.SetWriteDeadline(c.now().Add(limit))
	return c.Conn.Write(p)
}

// SetDeadline implements net.Conn for the library, which sets it by the keep-alive: that is about reading alone.
func (c *conn) SetDeadline(t time.Time) error {
	if c.closing.Load() {
		return nil
	}
	return c.SetReadDeadline(t)
}

// Close implements net.Conn. It returns at once; the connection ends when the client has read what was said last.
func (c *conn) Close() error {
	if c.closing.Swap(true) {
		return nil
	}
	if tcp := tcpOf(c.Conn); c.abrupt.Load() && tcp != nil {
		_ = tcp.SetLinger(0)
		return tcp.Close()
	}
	_ = c.SetReadDeadline(c.now()) // whoever reads wakes up
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return c.Conn.Close()
	}
	c.broker.running.Go(func() {
		defer c.Conn.Close()
		_ = c.SetWriteDeadline(c.now().Add(lastWords))
		if half.CloseWrite() != nil {
			return
		}
		c.reading.Lock() // nobody reads any more
		defer c.reading.Unlock()
		if tcp := tcpOf(c.Conn); tcp != nil {
			_ = tcp.SetReadDeadline(c.now().Add(drainTime))
			_, _ = io.Copy(io.Discard, io.LimitReader(tcp, maxDrained))
		}
	})
	return nil
}

// tcpOf is the connection of the system below TLS and WebSocket.
func tcpOf(c net.Conn) *net.TCPConn {
	for {
		switch below := c.(type) {
		case *net.TCPConn:
			return below
		case interface{ NetConn() net.Conn }:
			c = below.NetConn()
		default:
			return nil
		}
	}
}
