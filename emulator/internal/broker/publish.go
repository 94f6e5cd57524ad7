package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// published judges a message of a client.
func (h *hooks) published(s *session, cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.Properties.TopicAliasFlag {
		pk.TopicName = cl.State.TopicAliases.Inbound.Set(pk.Properties.TopicAlias, pk.TopicName)
		if pk.TopicName == "" {
			s.cutHere(ending{code: mqtt.ProtocolError, why: fmt.Sprintf( // MQTT 5.0, section 3.3.2.3.4
				"The client published to the topic alias %d, which it never set.", pk.Properties.TopicAlias)})
			return pk, packets.ErrRejectPacket
		}
		// The library would remember the topic that stands in for a dropped one.
		pk.Properties.TopicAlias, pk.Properties.TopicAliasFlag = 0, false
	}
	b := h.room.stage.broker
	a := b.newAct(s.conn, mqtt.Publish, h.room.shown(pk),
		parameter{mqtt.ClientID, s.clientID}, parameter{mqtt.InstanceID, s.user.InstanceID},
		parameter{mqtt.Topic, pk.TopicName}, parameter{mqtt.QoS, int64(pk.FixedHeader.Qos)},
		parameter{mqtt.Retain, pk.FixedHeader.Retain}, parameter{mqtt.Bytes, int64(len(pk.Payload))})
	if err := h.begin(s, a); err != nil {
		return pk, packets.ErrRejectPacket
	}
	var denied *denial
	dropped := false
	a.decide(b.ctx, func() { denied, dropped = h.judgePublish(s, a, pk) })
	instead, err := h.perform(s, a, denied)
	switch {
	case err != nil:
		return pk, err
	case instead != nil:
		return *instead, nil
	case dropped || a.Fault != nil:
		pk.TopicName, pk.Payload = droppedTopic, nil
	}
	return pk, nil
}

// begin starts the turn of a packet. A sandbox that is gone is noticed.
func (h *hooks) begin(s *session, a *act) error {
	b := h.room.stage.broker
	err := a.beginIn(b.ctx, h.room.stage.box, s.credential)
	if err == nil && a.turn.Generation() != s.generation {
		err = sandbox.ErrGone
	}
	if errors.Is(err, sandbox.ErrGone) {
		h.room.stage.look()
	} else if err != nil {
		b.options.Log.Error("a packet of a client could not be judged", "error", err)
	}
	return err
}

// judgePublish holds a message to the tokens of its client and to the limits. dropped says that it goes nowhere.
func (h *hooks) judgePublish(s *session, a *act, pk packets.Packet) (_ *denial, dropped bool) {
	switch {
	case pk.TopicName == mqtt.UploadTopic:
		return h.upload(s, a, pk.Payload), true
	case mqtt.IsSystem(pk.TopicName):
		if pk.TopicName != mqtt.OrderTopic && pk.TopicName != mqtt.OfflineTopic {
			a.advise("topic", "Topics below $SYS are the service's own: the message is acknowledged and goes nowhere."+
				nearestSystemTopic(pk.TopicName))
		}
		return nil, true
	}
	if pk.FixedHeader.Retain {
		a.advise("retain", "The service retains no messages: this one is delivered as any other.")
	}
	if denied := h.judgeRights(s, a, pk.TopicName, true); denied != nil {
		return denied, true
	}
	switch {
	case len(pk.Payload) > mqtt.MaxPayload:
		a.Fail(refuse(mqtt.MessageTooLarge, "payload", fmt.Sprintf(
			"The message has %d bytes, more than %d: it is acknowledged and dropped.", len(pk.Payload), mqtt.MaxPayload)))
	case mqtt.IsTooLong(pk.TopicName):
		a.Fail(refuse(mqtt.TopicTooLong, "topic", fmt.Sprintf(
			"The topic has more than %d characters: the message is acknowledged and dropped.", mqtt.MaxTopic)))
	}
	return nil, false
}

// judgeRights looks the client's tokens up and holds a topic to them.
func (h *hooks) judgeRights(s *session, a *act, filter string, write bool) *denial {
	denied, err := h.denialOf(s, a, filter, write)
	if err != nil {
		a.Fail(err)
		return nil
	}
	if denied != nil {
		a.Fail(refuse(denied.code, "token", denied.why))
	}
	return denied
}

func (h *hooks) denialOf(s *session, a *act, filter string, write bool) (*denial, error) {
	var good []held
	var claims []token.Claims
	for _, t := range s.tokens() {
		if t.bad == "" {
			good, claims = append(good, t), append(claims, t.grant.Claims)
		}
	}
	for i, t := range good {
		state, err := a.turn.TokenState(h.room.stage.broker.ctx, claims[i], claims[i+1:]...)
		if err != nil {
			return nil, fmt.Errorf("look up the tokens of the client: %w", err)
		}
		if code, why := badState(state, claims[i], a.turn.Now); code != "" {
			return &denial{code, t.kind, why}, nil
		}
	}
	return s.judge(filter, write), nil
}

// upload takes a token that a client published for itself.
func (h *hooks) upload(s *session, a *act, payload []byte) *denial {
	given, err := mqtt.ReadUpload(payload)
	if err != nil {
		a.Fail(refuse(mqtt.Forged, "upload", capitalize(err.Error())+"."))
		kind := given.Type
		if kind == "" {
			kind = mqtt.ReadWrite
		}
		return &denial{code: mqtt.Forged, kind: kind}
	}
	b := h.room.stage.broker
	opened, err := b.open(b.ctx, a.turn, given, s.user.InstanceID)
	if err != nil {
		a.Fail(err)
		return nil
	}
	if opened.bad != "" {
		a.Fail(refuse(opened.bad, "upload", opened.why))
		return &denial{code: opened.bad, kind: given.Type}
	}
	if s.user.Mode == mqtt.ModeSignature {
		a.advise("upload", "A client that logged in with a signature has all rights: the token changes nothing.")
		return nil
	}
	a.advise("upload", fmt.Sprintf("The client now holds the token %s as %s, until %s.",
		opened.grant.Claims.ID(), given.Type, opened.grant.Claims.Ends().Format(wire.InstantLayout)))
	s.swap(opened)
	h.room.stage.look()
	return nil
}

// shown is what the journal keeps of a message: never the text of a token, also where the topic of uploads
// is misspelt.
func (r *room) shown(pk packets.Packet) []byte {
	if mqtt.IsSystem(pk.TopicName) && pk.TopicName != mqtt.OrderTopic && pk.TopicName != mqtt.OfflineTopic {
		given, _ := mqtt.ReadUpload(pk.Payload)
		raw, _ := json.Marshal(map[string]string{"type": given.Type, "token": sandbox.Mask}) // texts have a JSON form
		return raw
	}
	if r.stage.broker.options.HidePayloads {
		return nil
	}
	return pk.Payload
}
