package broker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	steered "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// newReplicas are two emulators on one Redis that hear each other.
func newReplicas(t *testing.T) (a, b *world) {
	t.Helper()
	url := redistest.Start(t).URL()
	a = newWorld(t, func(o *emulator.Options) { o.StoreURL = url })
	b = a.another(url)
	for _, each := range [][2]*world{{a, b}, {b, a}} {
		c := enter(t, each[0].MQTTAddr(), a.signed("GID_test@@@first"))
		a.until("they hear each other", func() error {
			if online, err := each[1].Broker().Online(t.Context(), each[1].box, instance, "GID_test@@@first"); err != nil || !online {
				return fmt.Errorf("not online: %w", errors.Join(err))
			}
			return nil
		})
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
		c.wantCut("")
		a.wantGone()
	}
	return a, b
}

// another is an emulator on the same store, for callers with the same keys.
func (w *world) another(url string) *world {
	w.t.Helper()
	e, err := emulator.New(w.t.Context(), emulator.Options{Log: slog.New(slog.DiscardHandler), StoreURL: url})
	if err == nil {
		err = e.Start(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = e.Close(context.Background()) })
	box, err := e.World().Sandboxes().Get(w.t.Context(), w.box.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return &world{Emulator: e, t: w.t, box: box, key: w.key, callers: w.callers}
}

// TestMessagesBetweenEmulators: a message reaches who may have it wherever they are connected, once, in order, and as it
// was published.
func TestMessagesBetweenEmulators(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t)
	here, there := enter(t, a.MQTTAddr(), a.signed("GID_test@@@here")), enter(t, b.MQTTAddr(), a.signed("GID_test@@@there"))
	limited := enter(t, b.MQTTAddr(), a.bearing("GID_test@@@limited", "R|"+a.apply("R", "open/+")))
	for _, c := range []*client{here, there} {
		c.subscribe(2, "#")
	}
	limited.subscribe(1, "open/+")
	const count = 100
	for i := range count {
		topic := "open/1"
		if i%2 == 1 {
			topic = "closed/1"
		}
		here.publish(topic, fmt.Sprint(i), 0)
	}
	for i := range count {
		topic := "open/1"
		if i%2 == 1 {
			topic = "closed/1"
		}
		for _, c := range []*client{here, there} {
			c.wantMessage(topic, fmt.Sprint(i))
		}
		if i%2 == 0 {
			limited.wantMessage(topic, fmt.Sprint(i))
		}
	}
	there.publish("open/p2p/GID_test@@@here", "to you", 1)
	there.want(packets.Puback)
	here.wantMessage("open/p2p/GID_test@@@here", "to you")
	for _, c := range []*client{here, there, limited} {
		c.wantQuiet()
	}
	other := login{id: "GID_test@@@elsewhere", user: "Signature|" + a.key.AccessKeyID + "|post-cn-other"}
	other.password = mqtt.Sign(other.id, a.key.AccessKeySecret)
	elsewhere := enter(t, b.MQTTAddr(), other)
	elsewhere.subscribe(1, "#")
	five := a.signed("GID_test@@@five")
	five.version = 5
	receiver := enter(t, b.MQTTAddr(), five)
	receiver.subscribe(1, "five")
	five.id, five.password = "GID_test@@@sender", mqtt.Sign("GID_test@@@sender", a.key.AccessKeySecret)
	sender := enter(t, a.MQTTAddr(), five)
	sender.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, PacketID: 7, TopicName: "five", Payload: []byte("x"),
		Mods:       packets.Mods{AllowResponseInfo: true},
		Properties: packets.Properties{ContentType: "text/plain", ResponseTopic: "back", CorrelationData: []byte("7"), User: []packets.UserProperty{{Key: "k", Val: "v"}}},
	})
	got := receiver.wantMessage("five", "x").Properties
	if got.ContentType != "text/plain" || got.ResponseTopic != "back" || string(got.CorrelationData) != "7" || len(got.User) != 1 {
		t.Errorf("the properties are %+v", got)
	}
	elsewhere.wantQuiet()
	// What was published in another life of the sandbox, before a reset, reaches nobody.
	const first = 1
	for _, generation := range []uint64{first, first + 1} {
		if err := b.Broker().Deliver(b.box, generation, "post-cn-other", "now"); err != nil {
			t.Fatal(err)
		}
		if generation == first {
			elsewhere.wantMessage("now", "")
		}
		elsewhere.wantQuiet()
	}
	reply := b.ask(b.box, b.key, "SendMessage", "MqttTopic", "TopicA", "Payload", "from the server")
	if reply.MsgID == "" {
		t.Errorf("%+v", reply)
	}
	there.wantMessage("five", "x")
	there.wantMessage("TopicA", "from the server")
	here.wantMessage("five", "x")
	here.wantMessage("TopicA", "from the server")
}

// TestClientsOfOtherEmulators are listed, found, cut and told of the end of their tokens at each.
func TestClientsOfOtherEmulators(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t)
	token := b.apply("R", "TopicA")
	c := enter(t, b.MQTTAddr(), b.bearing(device, "R|"+token))
	c.subscribe(1, "TopicA")
	a.wantOnline(true, device)
	a.wantOnline(false, device, "InstanceId", "post-cn-other")
	for _, each := range []*world{a, b} {
		clients, err := each.Broker().Clients(t.Context(), each.box)
		if err != nil || len(clients) != 1 || clients[0].ClientID != device || len(clients[0].Tokens) != 1 ||
			!clients[0].Tokens[0].ExpiresAt.Equal(start.Add(time.Hour)) || clients[0].Subscriptions[0] != "TopicA" {
			t.Fatalf("%+v, %v", clients, err)
		}
	}
	clients, _ := a.Broker().Clients(t.Context(), a.box)
	if _, err := a.Broker().Cut(t.Context(), a.box, clients[0].ID+"x", "a test"); !errors.Is(err, steered.ErrNoClient) {
		t.Errorf("Cut = %v, want ErrNoClient", err)
	}
	if was, err := a.Broker().Cut(t.Context(), a.box, clients[0].ID, "a test"); err != nil || was.ClientID != device {
		t.Errorf("Cut = %+v, %v", was, err)
	}
	c.wantCut("")
	a.wantOnline(false, device)
	c = enter(t, b.MQTTAddr(), b.bearing(device, "R|"+token))
	if got := a.ask(a.box, a.key, "CloseConnection", "ClientId", device); !got.Success {
		t.Errorf("%+v", got)
	}
	c.wantCut("")
	c = enter(t, b.MQTTAddr(), b.bearing(device, "R|"+token))
	a.call(a.box, a.key, "RevokeToken", map[string]string{"InstanceId": instance, "Token": token})
	c.wantCut(`{"code":3,"type":"R"}`)
	c = enter(t, b.MQTTAddr(), b.bearing(device, "R|"+a.apply("R", "TopicA")))
	a.advance(2 * time.Hour)
	c.wantCut(`{"code":2,"type":"R"}`)
}

// TestTakeOverBetweenEmulators: the connection that logs in last under a client id stays, wherever.
func TestTakeOverBetweenEmulators(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t)
	older := enter(t, a.MQTTAddr(), a.signed(device))
	newer := enter(t, b.MQTTAddr(), a.signed(device))
	older.wantCut("")
	newer.wantQuiet()
	a.wantEntry("DISCONNECT", mqtt.SessionTakenOver)
	// What is kept of a client that left counts no more once it logged in elsewhere: its messages do not come twice.
	keeping := a.signed("GID_test@@@kept")
	keeping.keep = true
	left := enter(t, a.MQTTAddr(), keeping)
	left.subscribe(1, "kept")
	left.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	left.wantCut("")
	a.until("it is gone", func() error {
		if online, err := a.Broker().Online(t.Context(), a.box, instance, keeping.id); online || err != nil {
			return errors.New("it is there")
		}
		return nil
	})
	again := enter(t, b.MQTTAddr(), keeping)
	again.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	again.wantCut("")
	newer.deliver("kept", "x", 1)
	back, ack := dial(t, a.MQTTAddr(), keeping)
	if ack.SessionPresent {
		t.Error("a session is there that was left for another emulator")
	}
	back.wantQuiet()
	// Of many at once one stays.
	var all sync.WaitGroup
	clients := make([]*client, 10)
	for i := range clients {
		all.Go(func() {
			clients[i], _ = dial(t, []string{a.MQTTAddr(), b.MQTTAddr()}[i%2], a.signed("GID_test@@@race"))
		})
	}
	all.Wait()
	a.until("one stays", func() error {
		connected, err := b.Broker().Clients(t.Context(), b.box)
		if err != nil {
			return err
		}
		stay := 0
		for _, c := range connected {
			if c.ClientID == "GID_test@@@race" {
				stay++
			}
		}
		if stay != 1 {
			return fmt.Errorf("%d are connected", stay)
		}
		return nil
	})
}
