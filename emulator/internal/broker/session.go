package broker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// held is a token that a client gave, under the type that it gave it.
type held struct {
	kind  string // R, W or RW
	grant Grant
	// bad is the code of the notice that says what is wrong with it, and why says it to people; empty for a good one.
	bad, why string
	// noticed says that the client was told of its end.
	noticed bool
}

func (h held) reads() bool  { return h.kind != mqtt.Write }
func (h held) writes() bool { return h.kind != mqtt.Read }

// permits reports whether the token is of the type that reading, or writing, needs.
func (h held) permits(write bool) bool {
	if write {
		return h.writes()
	}
	return h.reads()
}

func (h held) covers(filter string) bool {
	return slices.ContainsFunc(h.grant.Resources, func(resource string) bool { return mqtt.Covers(resource, filter) })
}

// actions are those that ApplyToken was asked for.
func (g Grant) actions() string {
	switch {
	case g.Read && g.Write:
		return "R,W"
	case g.Write:
		return "W"
	}
	return "R"
}

// session is a client: while it is connected, and after that for as long as something is kept of it.
type session struct {
	stage *stage
	room  *room
	conn  *conn
	// id names the client to people and to tests, and number is that of the turn in which it logged in.
	id         string
	number     uint64
	clientID   string
	user       mqtt.User
	version    byte
	clean      bool
	keepAlive  uint16
	credential wire.Credential
	since      time.Time // by the sandbox's clock
	generation uint64    // the life of the sandbox in which it logged in

	ready  chan struct{} // closed when the client has its CONNACK
	hosted atomic.Bool   // the library speaks with it: its CONNACK is out or about to be
	done   chan struct{} // closed when its connection is over

	mu      sync.Mutex
	client  *mochi.Client // nil before the library has it
	held    []held        // copied when it changes
	ending  *ending       // why its connection ends, where the broker ends it
	kept    *keptSession  // what is kept of one that left
	waiting waiting
	// subacks are what the library's SUBACKs are completed with, by packet id.
	subacks map[uint16][]byte
}

// keptSession is what counts of a session whose client left.
type keptSession struct {
	until time.Time // by the sandbox's clock
	bytes int
}

// ending is why the broker ends a connection.
type ending struct {
	// code is the outcome of the DISCONNECT, and why says it to people.
	code, why string
	// notice is the code of the notice that tells the client, and kind the type of the token that it is about; empty for
	// an ending without a notice.
	notice, kind string
	// silent says that the client is told nothing, abrupt that the connection is reset.
	silent, abrupt bool
}

// tokens are what the client holds; nobody changes what is returned.
func (s *session) tokens() []held {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// cut ends the connection of the client, once, and returns at once. Nothing is sent before the CONNACK is.
func (s *session) cut(e ending) {
	s.mu.Lock()
	first := s.ending == nil
	if first {
		s.ending = &e
	}
	s.mu.Unlock()
	if !first {
		return
	}
	s.stage.broker.running.Go(func() {
		select {
		case <-s.ready:
		case <-s.done:
			return
		case <-time.After(lastWords): //nolint:forbidigo // a client whose CONNACK is held back is not waited for
			e.silent = true
		}
		s.say(e)
		s.end(e)
	})
}

// say tells the client why it is cut.
func (s *session) say(e ending) {
	s.conn.hurried.Store(true)
	client := s.mochi()
	if e.silent || client == nil {
		return
	}
	if e.notice != "" {
		_ = client.WritePacket(noticePacket(mqtt.InvalidTopic, mqtt.InvalidNotice(e.notice, e.kind)))
	}
	if s.version == version5 {
		_ = client.WritePacket(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Disconnect}, ReasonCode: s.stage.broker.reason(e.code),
		})
	}
}

// end closes the connection.
func (s *session) end(e ending) {
	s.conn.abrupt.Store(e.abrupt)
	if client := s.mochi(); client != nil {
		client.Stop(nil)
	}
	_ = s.conn.Close()
}

// cutHere is cut for the goroutine that reads from the client: it returns when the client was told and cut.
func (s *session) cutHere(e ending) {
	s.mu.Lock()
	first := s.ending == nil
	if first {
		s.ending = &e
	}
	s.mu.Unlock()
	if first {
		s.say(e)
		s.end(e)
	}
}

func (s *session) mochi() *mochi.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}

// reason is the reason code of MQTT 5.0 that belongs to the outcome of a DISCONNECT.
func (b *Broker) reason(code string) byte {
	if e, ok := b.api.Operation(mqtt.Disconnect).Error(code); ok {
		return byte(e.Number)
	}
	return packets.ErrUnspecifiedError.Code
}

// swap replaces the token of its type, or adds it.
func (s *session) swap(h held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = slices.DeleteFunc(slices.Clone(s.held), func(old held) bool { return old.kind == h.kind })
	s.held = append(s.held, h)
}

// markNoticed remembers that the client was told of the end of a token, and reports whether it was told for the first
// time.
func (s *session) markNoticed(kind, tokenID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = slices.Clone(s.held)
	for i := range s.held {
		if h := &s.held[i]; h.kind == kind && h.grant.Claims.ID() == tokenID && !h.noticed {
			h.noticed = true
			return true
		}
	}
	return false
}

// mayReceive reports whether a message to a topic, or those that a subscription brings, may reach the client now.
func (s *session) mayReceive(filter string) bool {
	if peer, ok := mqtt.PeerOf(filter); ok {
		return peer == s.clientID
	}
	return s.user.Mode == mqtt.ModeSignature || slices.ContainsFunc(s.tokens(), func(h held) bool {
		return h.reads() && h.bad == "" && h.covers(filter)
	})
}

// denial is why a client may not do something: the code of the notice, the type of the token that it is about, and what
// to tell people.
type denial struct{ code, kind, why string }

// judge holds what a client wants to its tokens, which were looked up for it: nil where one permits it.
func (s *session) judge(filter string, write bool) *denial {
	if s.user.Mode == mqtt.ModeSignature {
		return nil
	}
	tokens := s.tokens()
	for _, h := range tokens {
		if h.bad != "" {
			return &denial{h.bad, h.kind, h.why}
		}
	}
	right, doing := "R", "subscribe to"
	if write {
		right, doing = "W", "publish to"
	}
	var suited []held
	for _, h := range tokens {
		if h.permits(write) {
			suited = append(suited, h)
		}
	}
	if len(suited) == 0 {
		kind := mqtt.ReadWrite
		var kinds []string
		for _, h := range tokens {
			kind, kinds = h.kind, append(kinds, h.kind)
		}
		return &denial{mqtt.WrongType, kind, fmt.Sprintf(
			"To %s %q the client needs a token of the type %s or RW; it holds %s.", doing, filter, right, orNone(kinds))}
	}
	for _, h := range suited {
		if h.covers(filter) {
			return nil
		}
	}
	h := suited[0]
	return &denial{mqtt.WrongResource, h.kind, fmt.Sprintf(
		"No resource of the token %s, which permits %s, covers %q. %s",
		h.grant.Claims.ID(), h.kind, filter, nearestResource(filter, suited))}
}

func orNone(kinds []string) string {
	if len(kinds) == 0 {
		return "none"
	}
	return strings.Join(kinds, " and ")
}

// notice tells the client that a token ends soon.
func (s *session) notice(h held) {
	if !s.markNoticed(h.kind, h.grant.Claims.ID()) {
		return
	}
	s.stage.broker.running.Go(func() {
		select {
		case <-s.ready:
		case <-s.done:
			return
		}
		if client := s.mochi(); client != nil {
			_ = client.WritePacket(noticePacket(mqtt.ExpireTopic, mqtt.ExpireNotice(h.grant.Claims.Ends(), h.kind)))
		}
	})
}

// waitReady waits until the client has its CONNACK; it reports false for one that never got it.
func (s *session) waitReady(ctx context.Context) bool {
	select {
	case <-s.ready:
		return true
	default:
	}
	select {
	case <-s.ready:
		return true
	case <-s.done:
	case <-ctx.Done():
	}
	return false
}
