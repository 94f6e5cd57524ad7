package inprocess_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// inMemory starts an emulator that can live in a bubble of testing/synctest, and makes a sandbox.
func inMemory(t *testing.T, options ...inprocess.Option) (*client.Emulator, *client.Box) {
	t.Helper()
	em := inprocess.Start(t, append(options, inprocess.WithMemoryNetwork())...)
	return em, em.Sandbox(t)
}

// The sandbox clock is the bubble's: it stands while something goes on, and jumps over what everything waits for.
func TestTimeInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		em, box := inMemory(t)
		app, began := em.HTTPClient(t), time.Now()
		for range 3 {
			if status, err := askAt(t, app, em.URL(), box.Fabric); err != nil || status != http.StatusOK {
				t.Fatalf("%d, %v", status, err)
			}
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("three calls took %s of the bubble's time", took)
		}
		time.Sleep(30 * 24 * time.Hour) // in the bubble
		if at := box.Now(); at.Before(began.Add(30 * 24 * time.Hour)) {
			t.Errorf("the sandbox clock shows %s, 30 days after %s", at, began)
		}
		box.Expect(t, "ccmessaging.tokenByAkSk").Outcomes("ok", "ok", "ok")
	})
}

// A scripted delay passes at once, and the client's time limit comes first where it is shorter.
func TestDelayInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		em, box := inMemory(t)
		box.Script("slow", "name: slow\nrules: [{on: ccmessaging.tokenByAkSk, script: [{delay: 20m}, {delay: 20m}]}]")
		app, began := em.HTTPClient(t), time.Now()
		if status, err := askAt(t, app, em.URL(), box.Fabric); err != nil || status != http.StatusOK {
			t.Errorf("%d, %v", status, err)
		}
		if took := time.Since(began); took < 20*time.Minute || took > 21*time.Minute {
			t.Errorf("took %s", took)
		}
		app.Timeout = 10 * time.Second
		began = time.Now()
		_, err := askAt(t, app, em.URL(), box.Fabric)
		if took := time.Since(began); err == nil || took != 10*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// HTTPS at the real hosts, and MQTT over TCP and TLS, work in a bubble too.
func TestEverythingInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		em, box := inMemory(t, inprocess.WithTLS())
		app := em.HTTPClient(t)
		if status, err := askAt(t, app, "https://service.besclouds.com", box.Fabric); err != nil || status != http.StatusOK {
			t.Errorf("%d, %v", status, err)
		}
		const id = "GID_bubble@@@one"
		conn, err := em.Dial(t.Context(), "tcp", box.MQTT.Addr)
		if err != nil {
			t.Fatal(err)
		}
		body := text("MQTT") + "\x04\xc2\x00\x3c" + text(id) + text(box.MQTT.SignatureUser("post-cn-a")) +
			text(box.MQTT.SignaturePassword(id))
		if _, err := io.WriteString(conn, packet(0x10, body)); err != nil {
			t.Fatal(err)
		}
		var ack [4]byte
		if _, err := io.ReadFull(conn, ack[:]); err != nil || ack[3] != 0 {
			t.Fatalf("CONNACK %d, %v", ack[3], err)
		}
		// It keeps alive for 60 seconds, and is silent for more than one and a half of that.
		began := time.Now()
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("the connection did not end well: %v", err)
		}
		if took := time.Since(began); took < 90*time.Second || took > 2*time.Minute {
			t.Errorf("a silent client was cut after %s", took)
		}
		box.Expect(t, "mqtt.CONNECT").Once()
	})
}

// Nothing on the machine reaches the emulator, and what is not there is refused as on the machine.
func TestMemoryNetworkIsApart(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithMemoryNetwork())
	other := inprocess.Start(t, inprocess.WithMemoryNetwork())
	if em.Addr() != other.Addr() {
		t.Errorf("two networks count ports together: %s, %s", em.Addr(), other.Addr())
	}
	if _, err := askAt(t, http.DefaultClient, em.URL(), em.Sandbox(t).Fabric); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the machine's network says %v", err)
	}
	if _, err := em.Dial(t.Context(), "tcp", "127.0.0.1:9"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("an address where nothing listens: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := em.Dial(ended, "tcp", em.Addr()); err == nil {
		c.Close()
	}
}
