package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
)

// TestDelivery: messages of each QoS reach subscriptions of each, at the lower of the two.
func TestDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for asked := range byte(3) {
		reader := enter(t, w.MQTTAddr(), w.signed("GID_test@@@reader"))
		reader.subscribe(asked, "TopicA/+/x")
		writer := enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
		for sent := range byte(3) {
			writer.deliver("TopicA/b/x", "hello", sent)
			pk := reader.want(packets.Publish)
			if pk.FixedHeader.Qos != min(sent, asked) || string(pk.Payload) != "hello" {
				t.Errorf("%d to %d: QoS %d %q", sent, asked, pk.FixedHeader.Qos, pk.Payload)
			}
		}
	}
}

// TestPointToPoint: a message to a client reaches that client alone, subscribed or not, at the sender's QoS.
func TestPointToPoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	peer := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "Elsewhere")))
	other := enter(t, w.MQTTAddr(), w.signed("GID_test@@@other"))
	other.subscribe(1, "TopicA/#")
	writer := enter(t, w.MQTTAddr(), w.bearing("GID_test@@@writer", "W|"+w.apply("W", "TopicA/p2p/+")))
	topic := "TopicA/p2p/" + device
	for qos := range byte(3) {
		writer.deliver(topic, "to you", qos)
		if pk := peer.want(packets.Publish); pk.TopicName != topic || pk.FixedHeader.Qos != qos {
			t.Errorf("%s at %d", pk.TopicName, pk.FixedHeader.Qos)
		}
	}
	other.wantQuiet()
	if codes := other.subscribe(1, topic); codes[0] != 0x80 {
		t.Errorf("a client subscribed to another's messages: %v", codes)
	}
}

// TestTakeOver: the newer connection of a client id wins, and keeps what it subscribes to.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	writer := enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
	older := enter(t, w.MQTTAddr(), w.signed(device))
	for range 20 {
		newer := enter(t, w.MQTTAddr(), w.signed(device))
		newer.subscribe(1, "TopicA")
		older.wantCut("")
		writer.deliver("TopicA", "hello", 1)
		newer.wantMessage("TopicA", "hello")
		older = newer
	}
	w.wantEntry("DISCONNECT", mqtt.SessionTakenOver)
}

// TestPersistentSession: without clean session subscriptions and messages of QoS 1 are kept, for three days of the
// sandbox's clock.
func TestPersistentSession(t *testing.T) {
	t.Parallel()
	for version := byte(4); version <= 5; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			l := w.signed(device)
			l.keep, l.version = true, version
			l.change = func(pk *packets.Packet) {
				if version == 5 {
					pk.Properties.SessionExpiryInterval = 30 * 24 * 3600
				}
			}
			c := enter(t, w.MQTTAddr(), l)
			c.subscribe(2, "TopicA/#")
			c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
			w.wantEntry("DISCONNECT", "ok")
			writer := enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
			for qos := range byte(3) {
				writer.deliver("TopicA/1", fmt.Sprintf("at %d", qos), qos)
				writer.deliver("TopicA/p2p/"+device, fmt.Sprintf("p2p %d", qos), qos)
			}
			w.advance(71 * time.Hour)
			c, ack := dial(t, w.MQTTAddr(), l)
			if !ack.SessionPresent {
				t.Fatal("no session")
			}
			got := map[string]bool{}
			for range 2 {
				pk := c.want(packets.Publish)
				got[string(pk.Payload)] = true
				c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: pk.PacketID})
			}
			if !got["at 1"] || !got["p2p 1"] {
				t.Errorf("got %v", got)
			}
			c.wantQuiet()
			writer.deliver("TopicA/2", "live", 0)
			c.wantMessage("TopicA/2", "live")
			c.Close()
			w.wantEntry("DISCONNECT", mqtt.ConnectionLost)
			w.advance(73 * time.Hour)
			if _, ack := dial(t, w.MQTTAddr(), l); ack.SessionPresent {
				t.Error("the session is there after three days")
			}
		})
	}
}

// TestLimits: what the service limits has its documented effect, and is explained.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := enter(t, w.MQTTAddr(), w.signed(device))
	reader.subscribe(1, "TopicA/#")
	writer := enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
	writer.deliver("TopicA/1", strings.Repeat("x", mqtt.MaxPayload+1), 1)
	writer.deliver("TopicA/"+strings.Repeat("y", 58), "long", 1)
	writer.deliver("TopicA/1", strings.Repeat("x", mqtt.MaxPayload), 1)
	if pk := reader.want(packets.Publish); len(pk.Payload) != mqtt.MaxPayload {
		t.Errorf("%d bytes", len(pk.Payload))
	}
	w.wantEntry("PUBLISH", mqtt.MessageTooLarge)
	w.wantEntry("PUBLISH", mqtt.TopicTooLong)

	var filters []string
	for i := range 30 {
		filters = append(filters, fmt.Sprintf("Many/%d", i))
	}
	codes := writer.subscribe(1, filters[:29]...)
	codes = append(codes, writer.subscribe(2, "$share/g/TopicA", "Many/29", strings.Repeat("z", 65), "Many/30", "Many/1")...)
	if got := fmt.Sprintf("%d", codes[29:]); got != "[128 2 2 2 2]" {
		t.Errorf("SUBACK %s", got)
	}
	reader.deliver("Many/30", "unheard", 1)
	reader.deliver("Many/29", "heard", 1)
	writer.wantMessage("Many/29", "heard")
	w.wantEntry("SUBSCRIBE", mqtt.SharedSubscription)
	if codes := writer.subscribe(1, "Many/31"); codes[0] != 1 {
		t.Errorf("SUBACK %v", codes)
	}
	w.wantEntry("SUBSCRIBE", mqtt.TooManySubscriptions)
	five := w.signed("GID_test@@@five")
	five.version = 5
	if codes := enter(t, w.MQTTAddr(), five).subscribe(1, "$share/g/TopicA"); codes[0] != 158 {
		t.Errorf("SUBACK %v", codes)
	}
}

// TestNoWillNoRetain: a will is ignored, and a retained message is one like any other.
func TestNoWillNoRetain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := enter(t, w.MQTTAddr(), w.signed("GID_test@@@reader"))
	reader.subscribe(1, "#")
	l := w.signed(device)
	l.change = func(pk *packets.Packet) {
		pk.Connect.WillFlag, pk.Connect.WillTopic, pk.Connect.WillPayload = true, "TopicA", []byte("gone")
	}
	c := enter(t, w.MQTTAddr(), l)
	c.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Retain: true}, TopicName: "TopicA", Payload: []byte("kept?"),
	})
	if pk := reader.wantMessage("TopicA", "kept?"); pk.FixedHeader.Retain {
		t.Error("retained")
	}
	c.Close()
	w.wantEntry("DISCONNECT", mqtt.ConnectionLost)
	reader.wantQuiet()
	late := enter(t, w.MQTTAddr(), w.signed("GID_test@@@late"))
	late.subscribe(1, "TopicA")
	late.wantQuiet()
}

// TestKeepAlive: a longer keep-alive, or none, counts as eight minutes, and 5.0 clients hear so; a silent client is cut.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.signed(device)
	l.version, l.keepAlive = 5, 1000
	_, ack := dial(t, w.MQTTAddr(), l)
	if !ack.Properties.ServerKeepAliveFlag || ack.Properties.ServerKeepAlive != 480 {
		t.Errorf("server keep-alive %+v", ack.Properties)
	}
	if ack.Properties.MaximumQosFlag || ack.Properties.TopicAliasMaximum == 0 {
		t.Errorf("capabilities %+v", ack.Properties)
	}
	l.keepAlive = 1
	c, _ := dial(t, w.MQTTAddr(), l)
	began := time.Now()
	c.wantCut("")
	if took := time.Since(began); took < time.Second {
		t.Errorf("cut after %v", took)
	}
	w.wantEntry("DISCONNECT", mqtt.KeepAliveTimeout)
}

// TestIsolation: sandboxes and instances never see each other's messages or clients.
func TestIsolation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, other := w.newBox("two")
	elsewhere := w.signed(device)
	elsewhere.user += "-2"
	var all []*client
	for _, l := range []login{w.signed(device), signedBy(other, device), elsewhere} {
		c := enter(t, w.MQTTAddr(), l)
		c.subscribe(1, "#")
		all = append(all, c)
	}
	for i, c := range all {
		c.deliver("TopicA", fmt.Sprint(i), 0)
		c.deliver("TopicA/p2p/"+device, fmt.Sprint(i), 0)
		c.wantMessage("TopicA", fmt.Sprint(i))
		c.wantMessage("TopicA/p2p/"+device, fmt.Sprint(i))
	}
	for _, c := range all {
		c.wantQuiet()
	}
}
