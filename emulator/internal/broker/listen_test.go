package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// stream is a WebSocket as a stream of bytes.
type stream struct {
	*websocket.Conn

	rest io.Reader
}

func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.rest == nil {
			_, next, err := s.NextReader()
			if err != nil {
				return 0, err
			}
			s.rest = next
		}
		if n, err := s.rest.Read(p); n > 0 || err == nil {
			return n, nil
		}
		s.rest = nil
	}
}

func (s *stream) Write(p []byte) (int, error) {
	return len(p), s.WriteMessage(websocket.BinaryMessage, p)
}

func (s *stream) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

// TestWebSocket: MQTT is spoken at /mqtt alone; notice and cut arrive over it.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *emulator.Options) { o.MQTTWSAddr = "127.0.0.1:0" })
	dialer := websocket.Dialer{Subprotocols: []string{"mqtt"}}
	socket, reply, err := dialer.Dial("ws://"+w.MQTTWSAddr()+"/mqtt", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if socket.Subprotocol() != "mqtt" {
		t.Errorf("subprotocol %q", socket.Subprotocol())
	}
	c, ack := connect(t, &stream{Conn: socket}, w.bearing(device, "R|"+w.apply("R", "TopicA/#")))
	if ack.FixedHeader.Type != packets.Connack || ack.ReasonCode != 0 {
		t.Fatalf("CONNACK %+v", ack)
	}
	c.subscribe(1, "TopicA/+")
	c.ask(1, "TopicB")
	c.wantCut(`{"code":4,"type":"R"}`)
	if got := w.wantEntry("SUBSCRIBE", "4").Request.URL; !strings.HasPrefix(got, "ws://") {
		t.Errorf("url %s", got)
	}
	elsewhere, err := http.Get("http://" + w.MQTTWSAddr() + "/other")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Body.Close()
	if elsewhere.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", elsewhere.StatusCode)
	}
}

// TestTLS: the certificate is good for the host of a real instance, and for the address.
func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *emulator.Options) { o.MQTTSAddr = "127.0.0.1:0" })
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.CA())
	for _, host := range []string{instance + ".mqtt.aliyuncs.com", "127.0.0.1"} {
		conn, err := tls.Dial("tcp", w.MQTTSAddr(), &tls.Config{RootCAs: roots, ServerName: host, NextProtos: []string{"mqtt"}})
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		c, ack := connect(t, conn, w.signed(device))
		if ack.ReasonCode != 0 {
			t.Fatalf("%s: CONNACK %d", host, ack.ReasonCode)
		}
		c.wantQuiet()
		c.ask(1, "TopicA")
		c.want(packets.Suback)
	}
	if _, err := tls.Dial("tcp", w.MQTTSAddr(), &tls.Config{RootCAs: roots, ServerName: "bank.example"}); err == nil {
		t.Error("a certificate for any host")
	}
}

// TestOtherProtocols: what is no MQTT is closed, and the journal of the default sandbox says what it looks like.
func TestOtherProtocols(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for sent, hint := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n": "looks like HTTP", "\x16\x03\x01\x00\x01\x01": "looks like TLS", "\xc0\x00": "is CONNECT",
	} {
		conn, err := net.Dial("tcp", w.MQTTAddr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, sent)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if n, _ := conn.Read(make([]byte, 10)); n > 0 {
			t.Errorf("%q was answered", sent)
		}
		conn.Close()
		checkFinding(t, w, hint)
	}
}

// bounded starts a second broker of the same world, with limits.
func (w *world) bounded(limits broker.Limits) (*broker.Broker, string) {
	w.t.Helper()
	b, err := broker.New(broker.Options{
		World: w.World(), Limits: limits, Network: new(net.ListenConfig), After: time.After,
		Log: slog.New(slog.DiscardHandler), Tokens: broker.Tokens{
			Issued: func(*sandbox.Sandbox, string) (token.Claims, bool) { return token.Claims{}, false },
			GrantOf: func(context.Context, store.Space, token.Claims) (broker.Grant, error) {
				return broker.Grant{}, nil
			},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	at, err := b.Listen(w.t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return b, at.String()
}

// TestFull: beyond the limits clients are refused with CONNACK 3, which is explained; others are not affected.
func TestFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, addr := w.bounded(broker.Limits{SandboxClients: 1, Clients: 2})
	first := enter(t, addr, w.signed(device))
	if _, ack := dial(t, addr, w.signed("GID_test@@@second")); ack.ReasonCode != 3 {
		t.Errorf("CONNACK %d", ack.ReasonCode)
	}
	if got := w.wantEntry("CONNECT", "3").Findings; len(got) == 0 || !strings.Contains(got[0].Message, "At most 1 clients") {
		t.Errorf("findings %+v", got)
	}
	_, other := w.newBox("other")
	second := enter(t, addr, signedBy(other, device))
	_, third := w.newBox("third")
	if _, ack := dial(t, addr, signedBy(third, device)); ack.ReasonCode != 3 {
		t.Errorf("CONNACK %d", ack.ReasonCode)
	}
	first.wantQuiet()
	second.wantQuiet()
	first.Close()
	w.wantEntry("DISCONNECT", mqtt.ConnectionLost)
	enter(t, addr, w.signed("GID_test@@@second")).wantQuiet()
}

// TestKeptIsBounded: sessions of clients that left, and what waits for them, have bounds.
func TestKeptIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, addr := w.bounded(broker.Limits{Sessions: 1, QueuedBytes: 10})
	var logins []login
	for _, id := range []string{"GID_test@@@a", "GID_test@@@b"} {
		l := w.signed(id)
		l.keep = true
		c := enter(t, addr, l)
		c.subscribe(1, "TopicA")
		w.advance(time.Minute)
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
		c.wantCut("")
		w.until("the broker knows that it left", func() error {
			if left := b.Clients(w.box); len(left) > 0 {
				return fmt.Errorf("%+v", left)
			}
			return nil
		})
		logins = append(logins, l)
	}
	writer := enter(t, addr, w.signed("GID_test@@@writer"))
	for _, payload := range []string{"12345", "67890", "beyond"} {
		writer.deliver("TopicA", payload, 1)
	}
	c, ack := dial(t, addr, logins[1])
	if !ack.SessionPresent {
		t.Fatal("the session that ends last was dropped")
	}
	got := c.want(packets.Publish)
	next := c.want(packets.Publish)
	if string(got.Payload)+string(next.Payload) != "1234567890" && string(next.Payload)+string(got.Payload) != "1234567890" {
		t.Errorf("%s %s", got.Payload, next.Payload)
	}
	c.wantQuiet()
	if _, ack := dial(t, addr, logins[0]); ack.SessionPresent {
		t.Error("the session that ends first was kept")
	}
}

// TestWaitingIsBounded: what a client does not acknowledge is bounded by its bytes, for it and for its sandbox; other
// clients get their messages, and whoever acknowledges gets messages again.
func TestWaitingIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, addr := w.bounded(broker.Limits{WaitingBytes: 10, SandboxWaitingBytes: 25, QueuedBytes: 12})
	idle := func(name string) *client {
		c := enter(t, addr, w.signed("GID_test@@@"+name))
		c.subscribe(1, name)
		return c
	}
	writer, good := enter(t, addr, w.signed("GID_test@@@writer")), idle("good")
	lazy := idle("lazy")
	for _, payload := range []string{"12345", "67890", "beyond"} {
		writer.deliver("lazy", payload, 1)
	}
	first, second := lazy.want(packets.Publish), lazy.want(packets.Publish)
	lazy.wantQuiet()
	for range 5 {
		writer.deliver("good", "1234567890", 1)
		good.wantMessage("good", "1234567890")
	}
	for _, pk := range []packets.Packet{first, second} {
		lazy.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: pk.PacketID})
	}
	lazy.wantQuiet()
	writer.deliver("lazy", "more", 1)
	lazy.wantMessage("lazy", "more")
	lazy.wantQuiet()
	crowd := []*client{idle("a"), idle("b"), idle("c")}
	for i, name := range []string{"a", "b", "c"} { // 9 bytes each: with the third the sandbox has too much
		writer.deliver(name, "123456789", 1)
		crowd[i].want(packets.Publish)
		writer.deliver(name, "1", 0)
		if i < 2 {
			crowd[i].want(packets.Publish)
		}
		crowd[i].wantQuiet()
	}
}

// TestUnacknowledgedIsKeptWithinBounds: what a client left unacknowledged waits for it, within the bound of what waits.
func TestUnacknowledgedIsKeptWithinBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, addr := w.bounded(broker.Limits{QueuedBytes: 12})
	l := w.signed(device)
	l.keep = true
	c := enter(t, addr, l)
	c.subscribe(1, "TopicA")
	writer := enter(t, addr, w.signed("GID_test@@@writer"))
	for _, payload := range []string{"12345", "67890", "beyond"} {
		writer.deliver("TopicA", payload, 1)
		c.want(packets.Publish)
	}
	c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	c.wantCut("")
	w.wantEntry("DISCONNECT", "ok")
	back, ack := dial(t, addr, l)
	if !ack.SessionPresent {
		t.Fatal("the session is gone")
	}
	bytes := 0
	for range 2 {
		bytes += len(back.want(packets.Publish).Payload)
	}
	back.wantQuiet()
	if bytes > 12 {
		t.Errorf("%d bytes were kept", bytes)
	}
}
