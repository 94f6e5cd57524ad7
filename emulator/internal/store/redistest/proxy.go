package redistest

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between one emulator and its store: it makes the way longer, or cuts it.
type Proxy struct {
	listener net.Listener
	target   string
	delay    atomic.Int64
	cut      atomic.Bool
	lose     atomic.Pointer[[]byte]

	mu    sync.Mutex
	conns map[net.Conn]bool
	all   sync.WaitGroup
}

// StartProxy starts a proxy of a server. It ends with the test.
func StartProxy(t testing.TB, server *Server) *Proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: server.Addr(), conns: map[net.Conn]bool{}}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.closeAll()
		p.all.Wait()
	})
	return p
}

// URL is that of the store behind the proxy.
func (p *Proxy) URL() string { return "redis://" + p.listener.Addr().String() }

// Delay makes everything that is sent to the store come that much later.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// Cut breaks the connections and swallows what is sent in new ones, as a network does that is parted; Heal ends that.
func (p *Proxy) Cut() {
	p.cut.Store(true)
	p.closeAll()
}

// Heal ends a Cut. Connections of meanwhile are broken.
func (p *Proxy) Heal() {
	p.cut.Store(false)
	p.closeAll()
}

// LoseAnswer breaks the connection in place of the answer to the next command that holds the text.
func (p *Proxy) LoseAnswer(text string) {
	mark := []byte(text)
	p.lose.Store(&mark)
}

func (p *Proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.carry(conn) })
	}
}

func (p *Proxy) keep(conn net.Conn) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, conn)
		_ = conn.Close()
	}
}

func (p *Proxy) carry(client net.Conn) {
	defer p.keep(client)()
	if p.cut.Load() {
		_, _ = io.Copy(io.Discard, client)
		return
	}
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer p.keep(server)()
	var back sync.WaitGroup
	var lost atomic.Bool
	back.Go(func() {
		_, _ = io.Copy(client, answers{server, &lost})
		_ = client.Close()
	})
	p.forward(server, client, &lost)
	_ = server.Close()
	back.Wait()
}

// answers are those of a server, until one is lost.
type answers struct {
	io.Reader

	lost *atomic.Bool
}

// Read implements io.Reader.
func (a answers) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if a.lost.Load() {
		return 0, io.EOF
	}
	return n, err
}

// forward sends on what comes, later by the delay. It notes that the answer is to be lost.
func (p *Proxy) forward(to io.Writer, from io.Reader, lost *atomic.Bool) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			if mark := p.lose.Load(); mark != nil && bytes.Contains(piece[:n], *mark) && p.lose.CompareAndSwap(mark, nil) {
				lost.Store(true)
			}
			if d := time.Duration(p.delay.Load()); d > 0 {
				timer := time.NewTimer(d)
				<-timer.C
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
