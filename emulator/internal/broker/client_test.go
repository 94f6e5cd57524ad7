package broker_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
)

// patience is how long tests wait for what must come.
const patience = 5 * time.Second

// client is an MQTT client that shows every packet.
type client struct {
	net.Conn

	t       testing.TB
	version byte
	next    uint16
}

// login is what a client says in its CONNECT.
type login struct {
	id, user, password string
	version            byte // 4 where it is zero
	keep               bool // no clean session
	keepAlive          uint16
	change             func(*packets.Packet)
}

// dial sends a CONNECT and returns the client with its CONNACK.
func dial(t testing.TB, addr string, l login) (*client, packets.Packet) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return connect(t, conn, l)
}

func connect(t testing.TB, conn net.Conn, l login) (*client, packets.Packet) {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	c := &client{Conn: conn, t: t, version: 4, next: 1}
	if l.version != 0 {
		c.version = l.version
	}
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, Connect: packets.ConnectParams{
		ProtocolName: []byte("MQTT"), ClientIdentifier: l.id, Clean: !l.keep, Keepalive: 60,
		UsernameFlag: l.user != "", Username: []byte(l.user),
		PasswordFlag: l.password != "", Password: []byte(l.password),
	}}
	if l.keepAlive != 0 {
		pk.Connect.Keepalive = l.keepAlive
	}
	if l.keep && c.version == 5 {
		pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 3600, true
	}
	if l.change != nil {
		l.change(&pk)
	}
	c.send(pk)
	got, err := c.read()
	if err != nil {
		return c, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Reserved}}
	}
	if got.FixedHeader.Type != packets.Connack {
		t.Fatalf("got %v before the CONNACK", got)
	}
	return c, got
}

// enter is dial for a login that must work.
func enter(t testing.TB, addr string, l login) *client {
	t.Helper()
	c, got := dial(t, addr, l)
	if got.FixedHeader.Type != packets.Connack || got.ReasonCode != 0 {
		t.Fatalf("%s %s: CONNACK %d", l.id, l.user, got.ReasonCode)
	}
	return c
}

func (c *client) send(pk packets.Packet) {
	c.t.Helper()
	var out bytes.Buffer
	pk.ProtocolVersion = c.version
	var err error
	switch pk.FixedHeader.Type {
	case packets.Connect:
		err = pk.ConnectEncode(&out)
	case packets.Publish:
		err = pk.PublishEncode(&out)
	case packets.Subscribe:
		err = pk.SubscribeEncode(&out)
	case packets.Puback:
		err = pk.PubackEncode(&out)
	case packets.Pubrec:
		err = pk.PubrecEncode(&out)
	case packets.Pubrel:
		err = pk.PubrelEncode(&out)
	case packets.Pubcomp:
		err = pk.PubcompEncode(&out)
	case packets.Disconnect:
		err = pk.DisconnectEncode(&out)
	case packets.Pingreq:
		err = pk.PingreqEncode(&out)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Write(out.Bytes()); err != nil && !errors.Is(err, net.ErrClosed) {
		c.t.Logf("send: %v", err)
	}
}

// ReadByte makes a client a source of lengths.
func (c *client) ReadByte() (byte, error) {
	var one [1]byte
	_, err := io.ReadFull(c.Conn, one[:])
	return one[0], err
}

// read returns the next packet.
func (c *client) read() (pk packets.Packet, err error) {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	first, err := c.ReadByte()
	if err != nil {
		return pk, err
	}
	if err := pk.FixedHeader.Decode(first); err != nil {
		return pk, err
	}
	if pk.FixedHeader.Remaining, _, err = packets.DecodeLength(c); err != nil {
		return pk, err
	}
	body := make([]byte, pk.FixedHeader.Remaining)
	if _, err := io.ReadFull(c.Conn, body); err != nil {
		return pk, err
	}
	pk.ProtocolVersion = c.version
	switch pk.FixedHeader.Type {
	case packets.Connack:
		err = pk.ConnackDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Suback:
		err = pk.SubackDecode(body)
	case packets.Puback:
		err = pk.PubackDecode(body)
	case packets.Pubrec:
		err = pk.PubrecDecode(body)
	case packets.Pubrel:
		err = pk.PubrelDecode(body)
	case packets.Pubcomp:
		err = pk.PubcompDecode(body)
	case packets.Disconnect:
		err = pk.DisconnectDecode(body)
	}
	return pk, err
}

// want reads the next packet, which must be of that type.
func (c *client) want(kind byte) packets.Packet {
	c.t.Helper()
	pk, err := c.read()
	if err != nil {
		c.t.Fatalf("want %s: %v", packets.PacketNames[kind], err)
	}
	if pk.FixedHeader.Type != kind {
		c.t.Fatalf("want %s, got %s %s %q", packets.PacketNames[kind], packets.PacketNames[pk.FixedHeader.Type], pk.TopicName, pk.Payload)
	}
	return pk
}

// publish sends a message.
func (c *client) publish(topic, payload string, qos byte) {
	c.t.Helper()
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos}, TopicName: topic, Payload: []byte(payload),
	}
	if qos > 0 {
		pk.PacketID = c.id()
	}
	c.send(pk)
}

// deliver is publish with the whole handshake.
func (c *client) deliver(topic, payload string, qos byte) {
	c.t.Helper()
	c.publish(topic, payload, qos)
	switch qos {
	case 1:
		c.want(packets.Puback)
	case 2:
		rec := c.want(packets.Pubrec)
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel, Qos: 1}, PacketID: rec.PacketID})
		c.want(packets.Pubcomp)
	}
}

func (c *client) id() uint16 {
	c.next = max(c.next+1, 1)
	return c.next
}

// ask sends a SUBSCRIBE.
func (c *client) ask(qos byte, filters ...string) {
	c.t.Helper()
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, PacketID: c.id()}
	for _, filter := range filters {
		pk.Filters = append(pk.Filters, packets.Subscription{Filter: filter, Qos: qos})
	}
	c.send(pk)
}

// subscribe is ask with the SUBACK, whose codes it returns.
func (c *client) subscribe(qos byte, filters ...string) []byte {
	c.t.Helper()
	c.ask(qos, filters...)
	return c.want(packets.Suback).ReasonCodes
}

// wantMessage reads a message and acknowledges it.
func (c *client) wantMessage(topic, payload string) packets.Packet {
	c.t.Helper()
	pk := c.want(packets.Publish)
	if pk.TopicName != topic || string(pk.Payload) != payload {
		c.t.Fatalf("got %s %q, want %s %q", pk.TopicName, pk.Payload, topic, payload)
	}
	if pk.FixedHeader.Qos == 1 {
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: pk.PacketID})
	}
	return pk
}

// wantCut wants the notice with that payload, where it is not empty, and the end of the connection without anything else.
func (c *client) wantCut(notice string) {
	c.t.Helper()
	if notice != "" {
		if pk := c.want(packets.Publish); pk.TopicName != mqtt.InvalidTopic || string(pk.Payload) != notice {
			c.t.Fatalf("got %s %s, want the notice %s", pk.TopicName, pk.Payload, notice)
		}
	}
	pk, err := c.read()
	if c.version == 5 && err == nil && pk.FixedHeader.Type == packets.Disconnect {
		pk, err = c.read()
	}
	if err == nil {
		c.t.Fatalf("got %s %s %s, want the end of the connection", packets.PacketNames[pk.FixedHeader.Type], pk.TopicName, pk.Payload)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the connection was not cut")
	}
}

// wantQuiet wants an answer to a ping before anything else.
func (c *client) wantQuiet() {
	c.t.Helper()
	c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pingreq}})
	c.want(packets.Pingresp)
}
