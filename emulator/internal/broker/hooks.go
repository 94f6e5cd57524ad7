package broker

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// hooks hold every packet of a room's clients to what they may do, before the library sees it.
type hooks struct {
	mochi.HookBase

	room *room
}

// droppedTopic stands in for the topic of a message that is acknowledged and goes nowhere. No client can name it: it is
// no topic that a token covers, and the library gets it from here alone.
const droppedTopic = "\x01dropped"

// ID implements mochi.Hook.
func (*hooks) ID() string { return "tokenstage" }

// Provides implements mochi.Hook.
func (*hooks) Provides(b byte) bool {
	switch b {
	case mochi.OnConnect, mochi.OnConnectAuthenticate, mochi.OnSessionEstablish, mochi.OnSessionEstablished,
		mochi.OnACLCheck, mochi.OnPacketRead, mochi.OnPacketEncode, mochi.OnPublish, mochi.OnQosPublish,
		mochi.OnQosComplete, mochi.OnQosDropped:
		return true
	}
	return false
}

// sessionOf is the session of a client of the library; nil for the library's own.
func sessionOf(cl *mochi.Client) *session {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return nil
	}
	return c.session.Load()
}

// OnConnect tells the library what counts of the keep-alive.
func (*hooks) OnConnect(cl *mochi.Client, _ packets.Packet) error {
	s := sessionOf(cl)
	cl.State.ServerKeepalive = cl.State.Keepalive != s.keepAlive
	cl.State.Keepalive = s.keepAlive
	return nil
}

// OnConnectAuthenticate lets everybody in: who comes here was judged before.
func (*hooks) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

// OnSessionEstablish gives a client its point-to-point messages. They wait until it has its CONNACK.
func (h *hooks) OnSessionEstablish(cl *mochi.Client, _ packets.Packet) {
	s := sessionOf(cl)
	s.mu.Lock()
	s.client = cl
	s.mu.Unlock()
	h.room.server.Topics.Subscribe(cl.ID, packets.Subscription{Filter: mqtt.PeerFilter(cl.ID), Qos: 2})
}

// OnSessionEstablished lets messages pass: the client has its CONNACK.
func (*hooks) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) { close(sessionOf(cl).ready) }

// OnACLCheck decides whether a client gets a message, or a subscription. What clients send was judged before.
func (h *hooks) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	s := sessionOf(cl)
	if write || s == nil {
		return true
	}
	return s.mayReceive(topic) && s.waitReady(h.room.stage.broker.ctx) && h.waitRoom(s, cl)
}

const (
	// manyInflight is how many unacknowledged messages of a client make those who send it more wait for it.
	manyInflight = 512
	// maxPatience is how long they wait for one message; after it the library drops what it has no room for.
	maxPatience = time.Second
	// inflightPause is how long they wait until they look again.
	inflightPause = time.Millisecond
)

// waitRoom waits while a connected client has much to acknowledge, so that the sender slows down and nothing is lost.
// It reports false where what is not acknowledged takes too much memory even then: the message is dropped.
func (h *hooks) waitRoom(s *session, cl *mochi.Client) bool {
	if !h.isBusy(s, cl) {
		return true
	}
	pause := time.NewTicker(inflightPause)
	defer pause.Stop()
	for range int(maxPatience / inflightPause) {
		select {
		case <-pause.C:
		case <-s.done:
			return true
		}
		if !h.isBusy(s, cl) {
			return true
		}
	}
	s.recount(cl)
	return !s.isHeavy()
}

// isBusy reports whether a connected client has so much to acknowledge that those who send it more wait.
func (h *hooks) isBusy(s *session, cl *mochi.Client) bool {
	return (cl.State.Inflight.Len() >= manyInflight || s.isHeavy()) && !s.isKept()
}

// OnPublish drops what was only acknowledged, and hands on what a client published to the other emulators.
func (h *hooks) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.TopicName == droppedTopic {
		return pk, packets.CodeSuccessIgnore
	}
	pk.FixedHeader.Retain = false
	if s := sessionOf(cl); s != nil {
		h.room.stage.broker.others.publish(h.room.stage.box, s.generation, h.room.instance, pk)
	}
	return pk, nil
}

// OnPacketRead judges a packet of a client. With an error the connection ends without an answer.
func (h *hooks) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	s := sessionOf(cl)
	if s == nil {
		return pk, nil
	}
	switch pk.FixedHeader.Type {
	case packets.Publish:
		if pk.PublishValidate(maxAliases) != packets.CodeSuccess {
			return pk, nil // the library says so
		}
		return h.published(s, cl, pk)
	case packets.Subscribe:
		if pk.SubscribeValidate() != packets.CodeSuccess {
			return pk, nil
		}
		return h.subscribed(s, cl, pk)
	case packets.Pingreq:
		if err := h.room.stage.broker.world.Sandboxes().Use(h.room.stage.broker.ctx, h.room.stage.box); err != nil {
			h.room.stage.look()
		}
	}
	return pk, nil
}

// OnPacketEncode completes a CONNACK, and the SUBACK of a packet of which the library saw a part.
func (*hooks) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	if pk.FixedHeader.Type == packets.Connack && pk.ReasonCode == 0 {
		return withAbilities(pk)
	}
	if pk.FixedHeader.Type != packets.Suback {
		return pk
	}
	s := sessionOf(cl)
	if s == nil {
		return pk
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	codes, ok := s.subacks[pk.PacketID]
	if !ok {
		return pk
	}
	delete(s.subacks, pk.PacketID)
	whole, own := make([]byte, 0, len(codes)), pk.ReasonCodes
	for _, code := range codes {
		if code == judgedByLibrary && len(own) > 0 {
			code, own = own[0], own[1:]
		}
		whole = append(whole, code)
	}
	pk.ReasonCodes = whole
	return pk
}

// withAbilities says in a CONNACK of 5.0 what the service can do: client-device interaction, 5.0.
func withAbilities(pk packets.Packet) packets.Packet {
	p := &pk.Properties
	p.TopicAliasMaximum = maxAliases
	p.WildcardSubAvailable, p.WildcardSubAvailableFlag = 1, true
	p.SubIDAvailable, p.SubIDAvailableFlag = 1, true
	p.SharedSubAvailable, p.SharedSubAvailableFlag = 0, true
	p.RetainAvailable, p.RetainAvailableFlag = 0, true
	return pk
}

// judgedByLibrary stands in a SUBACK for what the library says of a subscription.
const judgedByLibrary = 0xff

// OnQosPublish counts what a client has to acknowledge, and what waits for one that left.
func (h *hooks) OnQosPublish(cl *mochi.Client, pk packets.Packet, _ int64, _ int) {
	s := sessionOf(cl)
	if s == nil || pk.FixedHeader.Type != packets.Publish {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.await(pk.PacketID, len(pk.Payload))
		return
	}
	s.keep(cl, pk)
}

// OnQosComplete counts what a client acknowledged.
func (*hooks) OnQosComplete(cl *mochi.Client, pk packets.Packet) {
	if s := sessionOf(cl); s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.await(pk.PacketID, 0)
	}
}

// OnQosDropped counts what needs no acknowledgement any more.
func (h *hooks) OnQosDropped(cl *mochi.Client, pk packets.Packet) { h.OnQosComplete(cl, pk) }

// perform carries out what was decided about a packet, and records it. It returns the packet that the library is to get
// instead where none of its own may pass.
func (h *hooks) perform(s *session, a *act, denied *denial) (instead *packets.Packet, err error) {
	b := h.room.stage.broker
	answer, failed := a.answer()
	cuts := failed && isCutting(answer.Name)
	kind := s.kindOf(denied)
	if _, err := strconv.Atoi(answer.Name); cuts && err == nil && a.Effects.Network == "" {
		a.notice = mqtt.InvalidNotice(answer.Name, kind)
	}
	if err := a.record(b.ctx); errors.Is(err, sandbox.ErrGone) {
		h.room.stage.look()
		return nil, packets.ErrRejectPacket
	}
	if a.Effects.Delay > 0 && !b.wait(b.ctx, a.Effects.Delay) {
		return nil, packets.ErrRejectPacket
	}
	switch {
	case a.Effects.Network == scenario.Stall, a.Effects.Network == scenario.Late:
		none := nothing()
		return &none, nil
	case cuts, a.Effects.Network == scenario.Close, a.Effects.Network == scenario.Reset:
		s.cutHere(a.ending(answer.Name, cuts, kind))
		return nil, packets.ErrRejectPacket
	}
	return nil, nil
}

// kindOf is the type of the token that a notice is about: that of the denial, else that of the first token.
func (s *session) kindOf(denied *denial) string {
	if denied != nil {
		return denied.kind
	}
	for _, h := range s.tokens() {
		return h.kind
	}
	return mqtt.ReadWrite
}

// ending is the end of a connection that an act brings about: as a refusal that cuts, or as a scenario wants it.
func (a *act) ending(outcome string, cuts bool, kind string) ending {
	e := ending{
		code: outcome, why: fmt.Sprintf("Its %s was refused.", a.operation.ID), abrupt: a.Effects.Network == scenario.Reset,
		silent: a.Effects.Network != "",
	}
	if !cuts {
		e.code, e.why = mqtt.ConnectionLost, "A scenario closed the connection."
	}
	if a.notice != nil {
		e.notice, e.kind = outcome, kind
	}
	return e
}

// isCutting reports whether a packet that ends so is answered with a cut.
func isCutting(outcome string) bool {
	switch outcome {
	case mqtt.MessageTooLarge, mqtt.TopicTooLong, mqtt.TooManySubscriptions, mqtt.SharedSubscription,
		mqtt.InvalidFilter:
		return false
	}
	return true
}
