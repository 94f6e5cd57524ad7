package inprocess_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// text is a string as MQTT writes it.
func text(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// packet writes an MQTT packet of less than 128 bytes, or of less than 16 KiB.
func packet(first byte, body string) string {
	if len(body) < 128 {
		return string([]byte{first, byte(len(body))}) + body
	}
	return string([]byte{first, byte(len(body)%128) | 0x80, byte(len(body) / 128)}) + body
}

// loginMQTT logs a client in and returns its connection and the code of its CONNACK.
func loginMQTT(t *testing.T, addr, clientID, user, password string) (net.Conn, byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	body := text("MQTT") + "\x04\xc2\x00\x3c" + text(clientID) + text(user) + text(password)
	if _, err := io.WriteString(conn, packet(0x10, body)); err != nil {
		t.Fatal(err)
	}
	var ack [4]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil {
		t.Fatal(err)
	}
	return conn, ack[3]
}

// A test points MQTT clients at box.MQTT, claims what they did, sees them and cuts them.
func TestMQTT(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithMQTTWebSocket(), inprocess.WithMQTTS())
	box := em.Sandbox(t)
	m := box.MQTT
	if m.URL != "mqtt://"+m.Addr || m.WebSocketURL == "" || m.TLSURL == "" {
		t.Errorf("%+v", m)
	}
	const id = "GID_kit@@@one"
	conn, code := loginMQTT(t, m.Addr, id, m.SignatureUser("post-cn-a"), m.SignaturePassword(id))
	if code != 0 {
		t.Fatalf("CONNACK %d", code)
	}
	if _, err := io.WriteString(conn, packet(0x82, "\x00\x01"+text("TopicA/1")+"\x00"+text("TopicB/#")+"\x00")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, packet(0x30, text("TopicA/1")+"hello")); err != nil {
		t.Fatal(err)
	}
	box.Expect(t, "mqtt.PUBLISH").Topic("TopicA/#").MQTTClient(id).Within(5 * time.Second).Once()
	box.Expect(t, "mqtt.SUBSCRIBE").Topic("TopicB/#").Once()
	box.Expect(t, "mqtt.SUBSCRIBE").Topic("TopicA/+").Param("QoS", "0,0").Once()
	box.Expect(t, "mqtt.PUBLISH").Topic("TopicA").Never()
	clients := box.Clients()
	if len(clients) != 1 || clients[0].ClientID != id || fmt.Sprint(clients[0].Subscriptions) != "[TopicA/1 TopicB/#]" {
		t.Fatalf("%+v", clients)
	}
	box.Cut(clients[0].ID)
	if _, err := io.Copy(io.Discard, bufio.NewReader(conn)); err != nil {
		t.Errorf("the connection did not end well: %v", err)
	}
	box.Expect(t, "mqtt.DISCONNECT").Outcome("AdministrativeAction").Once()
	_, code = loginMQTT(t, m.Addr, id, m.TokenUser("post-cn-a"), m.TokenPassword(client.Read, "bm9uZQ=="))
	if code != 4 {
		t.Errorf("CONNACK %d", code)
	}
	box.Expect(t, "mqtt.CONNECT").Outcomes("ok", "4")
}
