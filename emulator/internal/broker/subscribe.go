package broker

import (
	"fmt"
	"strconv"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// subscribed judges a SUBSCRIBE of a client.
func (h *hooks) subscribed(s *session, cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	b := h.room.stage.broker
	var filters, qualities []string
	for _, sub := range pk.Filters {
		filters, qualities = append(filters, sub.Filter), append(qualities, strconv.Itoa(int(sub.Qos)))
	}
	a := b.newAct(s.conn, mqtt.Subscribe, nil,
		parameter{mqtt.ClientID, s.clientID}, parameter{mqtt.InstanceID, s.user.InstanceID},
		parameter{mqtt.Topic, joined(filters)}, parameter{mqtt.QoS, joined(qualities)})
	if err := h.begin(s, a); err != nil {
		return pk, packets.ErrRejectPacket
	}
	var denied *denial
	var codes []byte
	var found *wire.Fault // by the broker itself
	a.decide(b.ctx, func() {
		denied, codes = h.judgeSubscribe(s, cl, a, pk.Filters)
		found = a.Fault
	})
	instead, err := h.perform(s, a, denied)
	switch {
	case err != nil:
		return pk, err
	case instead != nil:
		return *instead, nil
	case a.Fault != found: // a scenario says that the packet has no effect
		answer, _ := a.answer()
		codes = s.effectless(pk.Filters, answer.Name)
	}
	return h.onlyJudged(s, cl, pk, codes)
}

// effectless are the codes of a SUBACK to subscriptions that have no effect: it looks good, unless the error is one
// that clients are told of.
func (s *session) effectless(filters packets.Subscriptions, code string) []byte {
	codes := make([]byte, len(filters))
	for i, sub := range filters {
		codes[i] = sub.Qos
		if code == mqtt.SharedSubscription || code == mqtt.InvalidFilter {
			codes[i] = s.refusal(code)
		}
	}
	return codes
}

// judgeSubscribe holds subscriptions to the tokens of their client and to the limits. The codes are what the SUBACK
// says of those that have no effect; those that the library is to judge are judgedByLibrary.
func (h *hooks) judgeSubscribe(
	s *session, cl *mochi.Client, a *act, filters packets.Subscriptions,
) (*denial, []byte) {
	codes := make([]byte, len(filters))
	existing := cl.State.Subscriptions.GetAll()
	count := len(existing)
	for i, sub := range filters {
		codes[i] = judgedByLibrary
		if code, why := unfit(sub.Filter); code != "" {
			codes[i] = s.refusal(code)
			a.limit(code, why)
			continue
		}
		if denied := h.judgeRights(s, a, sub.Filter, false); denied != nil || a.Fault != nil && isCutting(a.Fault.Code) {
			return denied, nil
		}
		switch _, known := existing[sub.Filter]; {
		case mqtt.IsTooLong(sub.Filter):
			codes[i] = sub.Qos
			a.limit(mqtt.TopicTooLong, fmt.Sprintf(
				"The topic %q has more than %d characters: the subscription has no effect.", sub.Filter, mqtt.MaxTopic))
		case !known && count >= mqtt.MaxSubscriptions:
			codes[i] = sub.Qos
			a.limit(mqtt.TooManySubscriptions, fmt.Sprintf(
				"The client has %d subscriptions: that to %q has no effect.", mqtt.MaxSubscriptions, sub.Filter))
		case !known:
			existing[sub.Filter] = sub
			count++
		}
		if peer, ok := mqtt.PeerOf(sub.Filter); ok && peer != s.clientID {
			a.advise("topic", fmt.Sprintf(
				"%q is about point-to-point messages of another client: the SUBACK says 128, in 5.0 135.", sub.Filter))
		}
	}
	return nil, codes
}

// unfit is the error that a topic filter ends in by itself, and what it says to people; empty for a good one.
func unfit(filter string) (code, why string) {
	switch {
	case mqtt.IsShared(filter):
		return mqtt.SharedSubscription, fmt.Sprintf("The service has no shared subscriptions such as %q.", filter)
	case !mqtt.IsFilter(filter):
		return mqtt.InvalidFilter, fmt.Sprintf(
			"%q is no topic filter: it is empty, or a wildcard does not stand alone in its level, or levels follow #.", filter)
	}
	return "", ""
}

// refusal is the code of a SUBACK that refuses a subscription.
func (s *session) refusal(code string) byte {
	if e, ok := s.stage.broker.api.Operation(mqtt.Subscribe).Error(code); ok && s.version == version5 {
		return byte(e.Number)
	}
	return packets.ErrUnspecifiedError.Code
}

// limit ends the act in the first limit that it passes, and remarks the others.
func (a *act) limit(code, why string) {
	if a.Fault == nil {
		a.Fail(refuse(code, "limit", why))
		return
	}
	a.advise("limit", why)
}

// onlyJudged is the packet with the subscriptions that have an effect. Where none has, it is answered here.
func (h *hooks) onlyJudged(
	s *session, cl *mochi.Client, pk packets.Packet, codes []byte,
) (packets.Packet, error) {
	var effective packets.Subscriptions
	for i, sub := range pk.Filters {
		if codes == nil || codes[i] == judgedByLibrary {
			effective = append(effective, sub)
		}
	}
	if len(effective) == len(pk.Filters) {
		return pk, nil
	}
	if len(effective) == 0 {
		_ = cl.WritePacket(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Suback}, PacketID: pk.PacketID, ReasonCodes: codes,
		})
		return nothing(), nil
	}
	s.mu.Lock()
	s.subacks[pk.PacketID] = codes
	s.mu.Unlock()
	pk.Filters = effective
	return pk, nil
}
