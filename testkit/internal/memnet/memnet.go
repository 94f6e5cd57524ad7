// Package memnet is a network within the process: what listens there is reached by its Dial alone, and a goroutine that
// waits for it is one that testing/synctest knows to be blocked.
package memnet

import (
	"context"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Network is a network. Its zero value is one without listeners. It is safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	ports     int // were given so far
}

// Listen opens an address, as net.ListenConfig does: port 0 takes a free one.
func (n *Network) Listen(_ context.Context, network, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == "0" {
		n.ports++
		port = strconv.Itoa(n.ports)
	}
	l := &listener{
		network: n, addr: address{network, net.JoinHostPort(host, port)},
		incoming: make(chan net.Conn), closed: make(chan struct{}),
	}
	if n.listeners[l.addr.text] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: l.addr, Err: syscall.EADDRINUSE}
	}
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	n.listeners[l.addr.text] = l
	return l, nil
}

// Dial connects to what listens at the address, as net.Dialer.DialContext does.
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Addr: address{network, addr}, Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case l.incoming <- conn{server, l.addr, caller}:
		return conn{client, caller, l.addr}, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Addr: l.addr, Err: context.Cause(ctx)}
	}
}

type listener struct {
	network  *Network
	addr     address
	incoming chan net.Conn
	closing  sync.Once
	closed   chan struct{}
}

// Accept waits for the next who dials.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: l.addr.network, Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close ends Accept and frees the address.
func (l *listener) Close() error {
	l.closing.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.addr.text)
	})
	return nil
}

// Addr is where it listens.
func (l *listener) Addr() net.Addr { return l.addr }

// caller is the address of everybody who dials.
var caller = address{"tcp", "127.0.0.1:0"}

type address struct{ network, text string }

func (a address) Network() string { return a.network }
func (a address) String() string  { return a.text }

// conn is one end of a pipe, with addresses as connections of TCP have them.
type conn struct {
	net.Conn

	local, remote net.Addr
}

func (c conn) LocalAddr() net.Addr  { return c.local }
func (c conn) RemoteAddr() net.Addr { return c.remote }
