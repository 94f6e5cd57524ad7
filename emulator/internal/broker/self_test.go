package broker_test

import (
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// TestOwnMessages: a client that subscribes to what it publishes waits for nothing.
func TestOwnMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := enter(t, w.MQTTAddr(), w.signed(device))
	c.subscribe(1, "TopicA/+")
	began := time.Now()
	c.publish("TopicA/1", "hello", 2)
	for range 3 {
		pk, err := c.read()
		t.Log(time.Since(began), packets.PacketNames[pk.FixedHeader.Type], err)
		switch pk.FixedHeader.Type {
		case packets.Pubrec:
			c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: pk.PacketID})
		case packets.Publish:
			c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: pk.PacketID})
		}
	}
	if took := time.Since(began); took > soon {
		t.Errorf("took %v", took)
	}
}
