package console_test

import (
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

const clientsPage = "/console/clients?sandbox=default"

// The page lists who is connected and cuts a client at the press of its button.
func TestClientsAreListedAndCut(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.page(t, clientsPage).has(t, "The broker is off")
	at, err := w.Broker().Listen(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	key := gatewaytest.Read(w.box(t, sandbox.Default).Credentials).ACS[0]
	const id = "GID_page@@@<b>"
	if conn := logIn(t, at.String(), id, key); conn != nil {
		t.Error("a client id with signs was let in")
	}
	conn := logIn(t, at.String(), "GID_page@@@one", key)
	page := w.page(t, clientsPage)
	page.has(t, "GID_page@@@one", "post-cn-a", "Signature, MQTT 3.1.1")
	_, after, _ := strings.Cut(page.body, `name="cut" value="`)
	row, _, _ := strings.Cut(after, `"`)
	w.submit(t, clientsPage, "/console/clients", url.Values{"cut": {row}})
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the client was not cut")
	}
	if page := w.page(t, clientsPage); strings.Contains(page.body, "GID_page@@@one</") {
		t.Errorf("still listed: %s", page.body)
	}
}

// A packet of MQTT has a page as any call has, without a curl command.
func TestPacketHasAPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	at, err := w.Broker().Listen(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	key := gatewaytest.Read(w.box(t, sandbox.Default).Credentials).ACS[0]
	logIn(t, at.String(), "no group", key)
	list := w.page(t, "/console/calls?sandbox=default")
	_, after, _ := strings.Cut(list.body, `href="/console/calls/default/`)
	id, _, _ := strings.Cut(after, `"`)
	page := w.page(t, "/console/calls/default/"+id)
	page.has(t, "mqtt.CONNECT", "The client id has no @@@", "The client id breaks the rules")
	if strings.Contains(page.body, "curl -sS") {
		t.Error("a curl command for what did not come over HTTP")
	}
}

// logIn returns the connection of a client; nil where it was refused.
func logIn(t *testing.T, addr, id string, key gatewaytest.ACSCredential) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	text := func(s string) string { return string([]byte{0, byte(len(s))}) + s }
	body := text("MQTT") + "\x04\xc2\x00\x3c" + text(id) + text("Signature|"+key.AccessKeyID+"|post-cn-a") +
		text(mqtt.Sign(id, key.AccessKeySecret))
	if _, err := conn.Write(append([]byte{0x10, byte(len(body))}, body...)); err != nil {
		t.Fatal(err)
	}
	var ack [4]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil {
		t.Fatal(err)
	}
	if ack[3] != 0 {
		return nil
	}
	return conn
}
