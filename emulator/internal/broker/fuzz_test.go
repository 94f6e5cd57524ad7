package broker_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/broker"
)

// FuzzConnect: whatever comes in the place of a CONNECT is read within its bounds, and never more of it than announced.
func FuzzConnect(f *testing.F) {
	for _, l := range []packets.Packet{
		{ProtocolVersion: 4, Connect: packets.ConnectParams{ProtocolName: []byte("MQTT"), ClientIdentifier: device}},
		{ProtocolVersion: 5, Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), UsernameFlag: true, Username: []byte("Token|a|b"), PasswordFlag: true,
			Password: []byte("R|x"), WillFlag: true, WillTopic: "w", WillPayload: []byte("w"),
		}},
	} {
		l.FixedHeader.Type = packets.Connect
		var out bytes.Buffer
		if err := l.ConnectEncode(&out); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{0x10, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0x16, 3, 1, 0, 5})
	f.Fuzz(func(t *testing.T, sent []byte) {
		rest := bytes.NewReader(sent)
		header, raw, err := broker.ReadPacket(rest, broker.MaxConnect)
		if len(raw) > len(sent) || !bytes.Equal(raw, sent[:len(raw)]) {
			t.Fatalf("read %x of %x", raw, sent)
		}
		if err != nil {
			return
		}
		if header.Remaining > broker.MaxConnect || len(raw) < header.Remaining {
			t.Fatalf("%d bytes of a packet of %d", len(raw), header.Remaining)
		}
		_, _ = broker.DecodeConnect(header, raw)
	})
}

// FuzzClient: whatever a client sends after its login, the broker goes on.
func FuzzClient(f *testing.F) {
	e, err := emulator.New(context.Background(), emulator.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = e.Start(context.Background())
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close(context.Background()) })
	f.Add([]byte{0x82, 8, 0, 1, 0, 3, 'a', '/', '#', 1}, true)
	f.Add([]byte{0x30, 5, 0, 1, 'a', 'x', 'y'}, false)
	f.Add([]byte{0x34, 7, 0, 1, 'a', 0, 9, 'x', 'y', 0x62, 2, 0, 9}, true)
	f.Add([]byte{0x10, 0}, false)
	f.Fuzz(func(t *testing.T, sent []byte, five bool) {
		conn, err := net.Dial("tcp", e.MQTTAddr())
		if err != nil {
			t.Fatal(err)
		}
		l := login{
			id: device, user: "Signature|LTAIfakeDefault|" + instance,
		}
		if five {
			l.version = 5
		}
		l.password = signedBy(defaultKey, device).password
		c, ack := connect(t, conn, l)
		if ack.ReasonCode != 0 {
			t.Fatalf("CONNACK %d", ack.ReasonCode)
		}
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, c.Conn); err != nil && !bytes.Contains([]byte(err.Error()), []byte("reset")) {
			t.Fatal(err)
		}
	})
}
