// Package broker is where MQTT clients use their tokens: it lets them log in, holds every packet to what their tokens
// permit, and cuts them when a token ends. It alone knows the MQTT library, which speaks the protocol and delivers the
// messages; the facts of the service are package gateway/mqtt's.
package broker

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Options are what a Broker is made of.
type Options struct {
	World  *world.World
	Tokens Tokens
	// BadToken says what answers a login with a token that is not good; empty means BadTokenLogin.
	BadToken BadToken
	// HidePayloads keeps what clients publish out of the journal.
	HidePayloads bool
	Limits       Limits
	// Network is where the addresses are.
	Network interface {
		Listen(ctx context.Context, network, addr string) (net.Listener, error)
	}
	// After is how a scripted delay waits.
	After func(time.Duration) <-chan time.Time
	// Observe is told of every packet that is journaled; nil means that nobody watches.
	Observe func(context.Context, Observation)
	Log     *slog.Logger
}

// Observation is one packet as it was journaled.
type Observation struct {
	Entry     *journal.Entry
	Operation *contract.Operation
	Request   *wire.Request
}

// Tokens are judged by the API that issues them.
type Tokens struct {
	// Issued returns the claims of a token, if the sandbox issued it.
	Issued func(box *sandbox.Sandbox, text string) (token.Claims, bool)
	// GrantOf returns what the token of these claims permits.
	GrantOf func(ctx context.Context, space store.Space, claims token.Claims) (Grant, error)
}

// Grant is what a token permits a client.
type Grant struct {
	Claims      token.Claims
	Instance    string
	Read, Write bool
	Resources   []string
}

// BadToken is what answers a login with a token that is not good: nothing public says.
type BadToken string

// The answers.
const (
	// BadTokenLogin is CONNACK 4, bad user name or password.
	BadTokenLogin BadToken = "4"
	// BadTokenAuthorized is CONNACK 5, not authorized.
	BadTokenAuthorized BadToken = "5"
	// BadTokenLater lets the client in; the first packet that needs the token is refused.
	BadTokenLater BadToken = "later"
)

// Limits bound what clients can hold. A field that is zero means its default.
type Limits struct {
	// Clients is how many can be connected at once, SandboxClients how many to one sandbox.
	Clients, SandboxClients int
	// Sessions is how many sessions of clients that left one sandbox keeps.
	Sessions int
	// Queued is how many messages wait for one client that left, QueuedBytes how many bytes of them for all those of one
	// sandbox.
	Queued, QueuedBytes int
	// WaitingBytes is how many bytes of messages one connected client may have to acknowledge, SandboxWaitingBytes all
	// those of one sandbox.
	WaitingBytes, SandboxWaitingBytes int
}

// The default Limits.
const (
	MaxClients             = 4096
	MaxSandboxClients      = 2500
	MaxSessions            = 1000
	MaxQueued              = 1000
	MaxQueuedBytes         = 16 << 20
	MaxWaitingBytes        = 4 << 20
	MaxSandboxWaitingBytes = 64 << 20
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Clients: cmp.Or(l.Clients, MaxClients), SandboxClients: cmp.Or(l.SandboxClients, MaxSandboxClients),
		Sessions: cmp.Or(l.Sessions, MaxSessions), Queued: cmp.Or(l.Queued, MaxQueued),
		QueuedBytes: cmp.Or(l.QueuedBytes, MaxQueuedBytes), WaitingBytes: cmp.Or(l.WaitingBytes, MaxWaitingBytes),
		SandboxWaitingBytes: cmp.Or(l.SandboxWaitingBytes, MaxSandboxWaitingBytes),
	}
}

// Broker lets clients in. It is safe for concurrent use, and costs nothing before its first client.
type Broker struct {
	options Options
	world   *world.World
	api     *contract.API
	// ctx ends when the broker closes.
	ctx  context.Context //nolint:containedctx // connections live as long as the broker, not as a call
	stop context.CancelFunc

	others others

	connections, seats atomic.Int64
	full               atomic.Bool // the log knows that there is no room
	running            sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	conns     map[*conn]bool
	stages    map[*sandbox.Sandbox]*stage
	watching  bool
}

// New returns a broker over a world whose catalogue has the API of the broker.
func New(o Options) (*Broker, error) {
	api := o.World.Catalogue().API(mqtt.Name)
	if api == nil {
		return nil, fmt.Errorf("the broker has no spec %s", mqtt.Name)
	}
	o.BadToken, o.Limits = cmp.Or(o.BadToken, BadTokenLogin), o.Limits.withDefaults()
	b := &Broker{
		options: o, world: o.World, api: api, conns: map[*conn]bool{}, stages: map[*sandbox.Sandbox]*stage{},
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.others.join(b)
	return b, nil
}

// LimitClients lowers how many connections there can be at once, those who are refused among them. It is called before
// Listen.
func (b *Broker) LimitClients(connections int) {
	if limits := &b.options.Limits; connections < limits.Clients+maxRefused {
		limits.Clients = max(connections-min(connections/4, maxRefused), 1)
	}
}

// maxRefused is how many connections there may be beyond the clients, which are told that there is no room.
const maxRefused = 64

// room is how many connections there may be: those of the clients, and of some who are told that there are too many.
func (l Limits) room() int { return l.Clients + min(l.Clients/3+1, maxRefused) }

// Listen takes the clients of an address until Close; with a configuration of TLS over TLS.
func (b *Broker) Listen(ctx context.Context, addr string, secure *tls.Config) (net.Addr, error) {
	l, err := b.options.Network.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	b.mu.Lock()
	b.listeners = append(b.listeners, l)
	b.mu.Unlock()
	b.running.Go(func() { b.accept(l, secure) })
	return l.Addr(), nil
}

func (b *Broker) accept(l net.Listener, secure *tls.Config) {
	scheme := "mqtt"
	if secure != nil {
		scheme = "mqtts"
	}
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			b.options.Log.Warn("a client of the broker could not be accepted", "error", err)
			if !b.wait(b.ctx, acceptPause) {
				return
			}
			continue
		}
		made := b.newConn(c, scheme, l.Addr().String())
		if secure != nil {
			made.Conn = tls.Server(c, secure)
		}
		b.running.Go(func() { b.serve(made) })
	}
}

// acceptPause is how long an error of the system, such as too many open files, is waited out.
const acceptPause = 50 * time.Millisecond

// wait lasts for d, or until ctx or the broker ends: then it reports false.
func (b *Broker) wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-b.options.After(d):
		return true
	case <-ctx.Done():
	case <-b.ctx.Done():
	}
	return false
}

// serve is the life of a connection.
func (b *Broker) serve(c *conn) {
	if !b.enter(c) {
		_ = c.Conn.Close()
		return
	}
	defer b.leave(c)
	defer c.Close()
	b.connections.Add(1)
	defer b.connections.Add(-1)
	defer func() {
		if found := recover(); found != nil {
			b.options.Log.Error("a bug of the emulator, please report it: a client of the broker made it panic",
				"panic", b.world.Secrets().Mask(fmt.Sprint(found)))
		}
	}()
	b.login(c)
}

// enter reports whether there is room for a connection. Those far beyond are not even told that there is none.
func (b *Broker) enter(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.conns) >= b.options.Limits.room() {
		return false
	}
	b.conns[c] = true
	return true
}

func (b *Broker) leave(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	if len(b.conns) < b.options.Limits.Clients/2 {
		b.full.Store(false)
	}
}

// InFlight is how many clients are connected.
func (b *Broker) InFlight() int64 { return b.connections.Load() }

// Close cuts all clients and waits until nothing of the broker goes on.
func (b *Broker) Close() {
	b.mu.Lock()
	b.closed = true
	listeners, conns := b.listeners, make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		conns = append(conns, c)
	}
	b.mu.Unlock()
	b.stop()
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, c := range conns {
		if s := c.session.Load(); s != nil {
			s.cut(ending{code: mqtt.Stopped, why: "The emulator stopped."})
		} else {
			_ = c.Close()
		}
	}
	b.running.Wait()
}

// WebSocket is where clients speak MQTT over WebSocket. Whoever serves it closes the broker first.
func (b *Broker) WebSocket() http.Handler { return http.HandlerFunc(b.upgrade) }
