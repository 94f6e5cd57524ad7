package cli_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// connectMQTT logs a client in to the default sandbox, by signature.
func connectMQTT(t *testing.T, s *server, clientID string) net.Conn {
	t.Helper()
	box, err := client.New(s.control).Sandbox(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	em := client.Connect(t, s.control)
	login := em.Open(t, "default").MQTT
	conn, err := net.Dial("tcp", strings.TrimPrefix(box.Endpoints.MQTT, "mqtt://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	connectOver(t, conn, login, clientID)
	return conn
}

// connectOver logs a client in, by signature.
func connectOver(t *testing.T, conn io.ReadWriter, login client.MQTT, clientID string) {
	t.Helper()
	text := func(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
	body := text("MQTT") + "\x04\xc2\x00\x3c" + text(clientID) + text(login.SignatureUser("post-cn-a")) +
		text(login.SignaturePassword(clientID))
	if _, err := fmt.Fprintf(conn, "\x10%c%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	var ack [4]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil || ack != [4]byte{0x20, 2, 0, 0} {
		t.Fatalf("CONNACK %v, %v", ack, err)
	}
}

// The list shows who is connected, and cut ends a connection; an id that is misspelt is met with the nearest one.
func TestClients(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if got := s.run(t, "clients"); got != (result{0, "no MQTT client is connected to the sandbox default\n", ""}) {
		t.Errorf("%+v", got)
	}
	conn := connectMQTT(t, s, "GID_cli@@@one")
	got := s.run(t, "clients")
	if got.code != 0 || !strings.Contains(got.out, "GID_cli@@@one  post-cn-a  Signature") {
		t.Fatalf("%+v", got)
	}
	id := strings.Fields(strings.Split(got.out, "\n")[1])[0]
	if got := s.run(t, "clients", "cut", id+"x"); got.code != 1 || !strings.Contains(got.err, `"`+id+`"`) {
		t.Errorf("%+v", got)
	}
	if got := s.run(t, "clients", "cut", id); got != (result{0, id + " is cut\n", ""}) {
		t.Errorf("%+v", got)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the client was not cut")
	}
}

// The broker can be off, and takes no address that is none.
func TestBrokerAddress(t *testing.T) {
	t.Parallel()
	off := serve(t, nil, "--mqtt-addr", "off")
	box, err := client.New(off.control).Sandbox(t.Context(), "default")
	if err != nil || box.Endpoints.MQTT != "" {
		t.Errorf("%+v, %v", box.Endpoints, err)
	}
	if got := run(t, nil, "serve", "--mqtt-addr", "nowhere"); got.code != 2 || !strings.Contains(got.err, "HOST:PORT") {
		t.Errorf("%+v", got)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--log", "off",
		"--mqtt-addr", taken.Addr().String())
	if got.code != 1 || !strings.Contains(got.err, "--mqtt-addr: "+taken.Addr().String()+" is in use") {
		t.Errorf("%+v", got)
	}
}
