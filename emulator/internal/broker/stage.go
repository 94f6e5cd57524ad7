package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// stage is what clients of one sandbox share. It begins with the first client and ends when nothing of any is left.
type stage struct {
	broker *Broker
	box    *sandbox.Sandbox
	wake   chan struct{} // holds one value when tokens or the clock may have changed
	inbox  chan parcel   // what comes from other emulators
	stop   context.CancelFunc

	mu        sync.Mutex
	rooms     map[string]*room
	sessions  map[string]*session // by id
	ended     bool
	connected int
	// keptBytes is what waits for those who left, waiting what those who are connected have not acknowledged.
	keptBytes, waiting atomic.Int64
}

// room is one instance: clients of it alone reach each other.
type room struct {
	stage    *stage
	instance string
	server   *mochi.Server
	clients  map[string]*session // by client id; those that left too, as long as something is kept of them
}

// seat gives a client that was let in its place. An older connection under its client id is cut first.
func (b *Broker) seat(a *attempt) (*session, error) {
	s := &session{
		conn: a.conn, id: mqtt.Name + "-" + strconv.FormatUint(a.turn.Number, 10), number: a.turn.Number,
		clientID: a.connect.Connect.ClientIdentifier, user: a.user, version: a.connect.ProtocolVersion,
		clean: a.keepsNothing(), keepAlive: keepAlive(a.connect.Connect.Keepalive), credential: a.call.Credential,
		since: a.turn.Now, generation: a.turn.Generation(), held: a.held,
		ready: make(chan struct{}), done: make(chan struct{}), subacks: map[uint16][]byte{},
	}
	for {
		st, err := b.stageOf(a.turn.Sandbox)
		if err != nil {
			return nil, err
		}
		older, err := st.enter(s)
		switch {
		case errors.Is(err, errStageEnded):
			continue
		case err != nil:
			return nil, err
		case older == nil:
			a.conn.session.Store(s)
			st.look()
			b.others.takeOver(b.ctx, s)
			return s, nil
		}
		older.cut(ending{code: mqtt.SessionTakenOver, why: takenOver(s.clientID)})
		<-older.done
	}
}

// keepsNothing reports whether the session ends with the connection.
func (a *attempt) keepsNothing() bool {
	if a.connect.ProtocolVersion == version5 {
		return a.connect.Properties.SessionExpiryInterval == 0
	}
	return a.connect.Connect.Clean
}

// stageOf returns the stage of a sandbox, and begins it where there is none.
func (b *Broker) stageOf(box *sandbox.Sandbox) (*stage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, refuse(mqtt.Unavailable, "broker", "The emulator stops.")
	}
	if st := b.stages[box]; st != nil && !st.isOver() {
		return st, nil
	}
	ctx, stop := context.WithCancel(b.ctx)
	st := &stage{
		broker: b, box: box, stop: stop, wake: make(chan struct{}, 1), rooms: map[string]*room{},
		sessions: map[string]*session{},
	}
	if b.others.outbox != nil {
		st.inbox = make(chan parcel, maxInbox)
	}
	b.stages[box] = st
	if err := b.watch(); err != nil {
		stop()
		delete(b.stages, box)
		return nil, err
	}
	b.running.Go(func() { st.run(ctx) })
	if st.inbox != nil {
		b.running.Go(func() { st.receive(ctx) })
	}
	return st, nil
}

func (st *stage) isOver() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.ended
}

// enter takes a session in. It returns an older one of the client id that is still connected, which has to end first.
func (st *stage) enter(s *session) (older *session, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	limits := st.broker.options.Limits
	if st.ended {
		return nil, errStageEnded
	}
	r := st.rooms[s.user.InstanceID]
	if r == nil {
		r = st.newRoom(s.user.InstanceID)
	}
	before := r.clients[s.clientID]
	if before != nil && before.kept == nil {
		return before, nil
	}
	switch {
	case st.connected >= limits.SandboxClients:
		return nil, st.refuseFull(
			fmt.Sprintf("At most %d clients can be connected to one sandbox.", limits.SandboxClients))
	case st.broker.seats.Load() >= int64(limits.Clients):
		return nil, st.refuseFull(fmt.Sprintf("At most %d clients can be connected at once.", limits.Clients))
	}
	if before != nil && before.generation == s.generation && s.since.Before(before.kept.until) {
		st.unkeep(before)
	} else if before != nil {
		st.forget(before)
		st.rooms[r.instance] = r // which goes with its last client
	}
	if st.sessions[s.id] != nil { // turns count from one again after a reset, and the older client is not cut yet
		s.id += "-" + strconv.FormatUint(s.generation, 10)
	}
	s.stage, s.room = st, r
	r.clients[s.clientID], st.sessions[s.id] = s, s
	st.connected++
	st.broker.seats.Add(1)
	return nil, nil
}

// errStageEnded says that the last client left while another came.
var errStageEnded = errors.New("the stage has ended")

func (st *stage) refuseFull(why string) error {
	if !st.broker.full.Swap(true) {
		st.broker.options.Log.Warn("the broker is full: clients are refused", "limit", why)
	}
	return refuse(mqtt.Unavailable, "limit", why)
}

// newRoom makes the room of an instance; st.mu is held.
func (st *stage) newRoom(instance string) *room {
	r := &room{stage: st, instance: instance, clients: map[string]*session{}}
	limits := st.broker.options.Limits
	capabilities := mochi.NewDefaultServerCapabilities()
	capabilities.MaximumClientWritesPending = maxWaiting
	capabilities.MaximumInflight = uint16(min(limits.Queued, 1<<16-1))
	capabilities.MaximumPacketSize = maxPacket
	capabilities.MaximumMessageExpiryInterval = 0
	capabilities.TopicAliasMaximum = maxAliases
	capabilities.SharedSubAvailable, capabilities.RetainAvailable = 0, 0
	capabilities.Compatibilities.NoInheritedPropertiesOnAck = true
	r.server = mochi.New(&mochi.Options{
		Capabilities: capabilities, InlineClient: true, Logger: slog.New(slog.DiscardHandler),
	})
	_ = r.server.AddHook(&hooks{room: r}, nil)
	st.rooms[instance] = r
	return r
}

const (
	// maxWaiting is how many messages may wait to be written to a client that is connected.
	maxWaiting = 1024
	// maxAliases is how many topic aliases a client of 5.0 may use.
	maxAliases = 64
)

// host lets the library serve a client, and returns when its connection is over.
func (b *Broker) host(a *attempt, s *session) {
	c := a.conn
	c.ahead = append(a.resend(), c.ahead...)
	_ = c.SetReadDeadline(time.Time{})
	s.hosted.Store(true)
	err := s.room.server.EstablishConnection(c.scheme, c)
	s.left(b.endOf(s, err))
}

// endOf is why a connection ended.
func (b *Broker) endOf(s *session, err error) ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return *s.ending
	}
	code, isCode := errors.AsType[packets.Code](err)
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return ending{code: wire.OutcomeOK}
	case errors.As(err, &timeout) && timeout.Timeout():
		return ending{code: mqtt.KeepAliveTimeout, why: fmt.Sprintf(
			"Nothing came from the client for one and a half of its keep-alive of %d seconds.", s.keepAlive)}
	case isCode && code.Code >= packets.ErrUnspecifiedError.Code:
		return ending{code: mqtt.ProtocolError, why: "The client broke the protocol: " + code.Reason + "."}
	}
	return ending{code: mqtt.ConnectionLost, why: "The connection ended without a DISCONNECT."}
}

// left is called once the connection of a session is over.
func (s *session) left(e ending) {
	now := s.since
	if e.code != mqtt.SandboxGone { // else the sandbox begins anew, as if it had had no clients
		now = s.recordEnd(e)
	}
	s.stage.leave(s, now, e)
}

// recordEnd keeps the end of a connection in the journal, and returns the time by the sandbox's clock.
func (s *session) recordEnd(e ending) time.Time {
	b := s.stage.broker
	a := b.newAct(s.conn, mqtt.Disconnect, nil,
		parameter{mqtt.ClientID, s.clientID}, parameter{mqtt.InstanceID, s.user.InstanceID})
	a.call.Request.Header.Set("Client", s.id)
	if err := a.beginIn(b.closingContext(), s.stage.box, s.credential); err != nil {
		return s.since
	}
	if e.code != wire.OutcomeOK {
		a.Fail(refuse(e.code, "connection", e.why))
	}
	switch {
	case e.abrupt:
		a.Effects.Network = scenario.Reset
	case e.silent:
		a.Effects.Network = scenario.Close
	case e.notice != "":
		a.notice = mqtt.InvalidNotice(e.notice, e.kind)
	}
	_ = a.record(b.closingContext())
	return a.turn.Now
}

// closingContext is one for what is still written while the broker closes.
func (b *Broker) closingContext() context.Context { return context.WithoutCancel(b.ctx) }

// leave keeps what is to be kept of a session whose connection is over, and forgets the rest.
func (st *stage) leave(s *session, now time.Time, e ending) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.connected--
	st.broker.seats.Add(-1)
	if s.clean || e.code == mqtt.SandboxGone || e.code == mqtt.Stopped || s.mochi() == nil {
		st.forget(s)
	} else {
		kept := &keptSession{until: now.Add(s.keptFor())}
		s.mu.Lock() // who writes it holds both locks, who reads it one of them
		s.kept = kept
		s.keepWaiting()
		s.mu.Unlock()
		st.boundKept()
	}
	close(s.done)
	st.endIfEmpty()
}

// unseat gives back the place of a client that was refused after all.
func (st *stage) unseat(s *session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.connected--
	st.broker.seats.Add(-1)
	st.forget(s)
	close(s.done)
	st.endIfEmpty()
}

// keptFor is how long the session outlives the connection.
func (s *session) keptFor() time.Duration {
	if client := s.mochi(); client != nil && s.version == version5 {
		asked := time.Duration(client.Properties.Props.SessionExpiryInterval) * time.Second
		return min(asked, mqtt.KeptFor)
	}
	return mqtt.KeptFor
}

// forget drops a session; st.mu is held.
func (st *stage) forget(s *session) {
	delete(st.sessions, s.id)
	st.unkeep(s)
	r := s.room
	if r.clients[s.clientID] == s {
		delete(r.clients, s.clientID)
	}
	r.server.Topics.Unsubscribe(mqtt.PeerFilter(s.clientID), s.clientID)
	if client := s.mochi(); client != nil {
		if kept, ok := r.server.Clients.Get(s.clientID); ok && kept == client {
			client.ClearInflights()
			r.server.UnsubscribeClient(client)
			r.server.Clients.Delete(s.clientID)
		}
	}
	if len(r.clients) == 0 {
		delete(st.rooms, r.instance)
	}
}

// unkeep gives back what the messages of a session took that wait for it; st.mu is held.
func (st *stage) unkeep(s *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUpWaiting()
	if s.kept != nil {
		st.keptBytes.Add(-int64(s.kept.bytes))
		s.kept.bytes = 0
		delete(st.sessions, s.id)
	}
}

// boundKept drops the sessions that end first where too many are kept; st.mu is held.
func (st *stage) boundKept() {
	var kept []*session
	for _, s := range st.sessions {
		if s.kept != nil {
			kept = append(kept, s)
		}
	}
	over := len(kept) - st.broker.options.Limits.Sessions
	if over <= 0 {
		return
	}
	slices.SortFunc(kept, func(a, b *session) int {
		return cmp.Or(a.kept.until.Compare(b.kept.until), cmp.Compare(a.id, b.id))
	})
	for _, s := range kept[:over] {
		st.forget(s)
	}
}

// endIfEmpty ends a stage on which nobody is left; st.mu is held.
func (st *stage) endIfEmpty() {
	if len(st.sessions) > 0 {
		return
	}
	st.ended = true
	st.stop()
	b := st.broker
	b.running.Go(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.stages[st.box] == st {
			delete(b.stages, st.box)
		}
	})
}

// look has the stage look at tokens and clock soon.
func (st *stage) look() {
	select {
	case st.wake <- struct{}{}:
	default: // it is about to
	}
}

// all are the sessions of the stage.
func (st *stage) all() []*session {
	st.mu.Lock()
	defer st.mu.Unlock()
	all := make([]*session, 0, len(st.sessions))
	for _, s := range st.sessions {
		all = append(all, s)
	}
	return all
}
