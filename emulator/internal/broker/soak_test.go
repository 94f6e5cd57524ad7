package broker_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
)

// soakEnv makes the soak as long as the numbers of docs/performance.md say: clients and messages.
const soakEnv = "TOKENSTAGE_MQTT_SOAK"

// TestSoak: many clients and messages leave the memory where it was, and none is lost at QoS 1.
func TestSoak(t *testing.T) {
	clients, messages := 100, 5_000
	if text := os.Getenv(soakEnv); text != "" {
		c, m, _ := strings.Cut(text, ",")
		clients, _ = strconv.Atoi(c)
		messages, _ = strconv.Atoi(m)
	}
	w := newWorld(t, func(o *emulator.Options) { o.Journal = emulator.JournalBound{Records: 100, Bytes: 1 << 20} })
	token := w.apply("R,W", "Soak/#")
	before := heap()
	var all []*client
	for i := range clients {
		all = append(all, enter(t, w.MQTTAddr(), w.bearing(fmt.Sprintf("GID_soak@@@%d", i), "RW|"+token)))
	}
	connected := heap()
	const senders = 10
	each := messages / senders
	var working sync.WaitGroup
	began := time.Now()
	for i := range senders {
		receiver, topic := all[senders+i], fmt.Sprintf("Soak/%d", i)
		receiver.subscribe(1, topic)
		working.Go(func() {
			for range each {
				pk, err := receiver.read()
				if err != nil || pk.FixedHeader.Type != packets.Publish {
					t.Errorf("%s: %v %v", topic, pk.FixedHeader.Type, err)
					return
				}
				receiver.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: pk.PacketID})
			}
		})
		working.Go(func() {
			sender := all[i]
			const window = 50
			for n := range each {
				sender.publish(topic, "payload", 1)
				if n >= window {
					sender.want(packets.Puback)
				}
			}
			for range min(window, each) {
				sender.want(packets.Puback)
			}
		})
	}
	working.Wait()
	took, after := time.Since(began), heap()
	runtime.KeepAlive(all)
	t.Logf("%d clients: %d KB each; %d messages in %v: %.0f a second; heap %d KB before them, %d KB after",
		clients, (connected-before)/1024/int64(clients), messages, took.Round(time.Millisecond),
		float64(messages)/took.Seconds(), connected/1024, after/1024)
	if grown := after - connected; grown > 16<<20 {
		t.Errorf("the messages left %d KB behind", grown/1024)
	}
	if each := (connected - before) / int64(clients); each > 64<<10 {
		t.Errorf("a client takes %d KB", each/1024)
	}
}

// heap is what is in use after a collection; what the test's own clients hold counts too.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestManySandboxes: 200 sandboxes have clients at once.
func TestManySandboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*client
	for i := range 200 {
		_, key := w.newBox(fmt.Sprintf("many-%d", i))
		c := enter(t, w.MQTTAddr(), signedBy(key, device))
		c.subscribe(0, "#")
		all = append(all, c)
	}
	for i, c := range all {
		c.publish("TopicA", strconv.Itoa(i), 0)
	}
	for i, c := range all {
		c.wantMessage("TopicA", strconv.Itoa(i))
		c.wantQuiet()
	}
}

func BenchmarkConnect(b *testing.B) {
	w := newWorld(b)
	login := w.bearing(device, "RW|"+w.apply("R,W", "TopicA/#"))
	for b.Loop() {
		c := enter(b, w.MQTTAddr(), login)
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
		c.Close()
	}
}

func BenchmarkPublish(b *testing.B) {
	for qos := range byte(3) {
		b.Run(fmt.Sprintf("QoS%d", qos), func(b *testing.B) {
			w := newWorld(b)
			c := enter(b, w.MQTTAddr(), w.bearing(device, "RW|"+w.apply("R,W", "TopicA/#")))
			for b.Loop() {
				c.deliver("TopicA/1", "payload", qos)
			}
			c.wantQuiet()
		})
	}
}

// BenchmarkCut measures the time from RevokeToken to the end of the connection.
func BenchmarkCut(b *testing.B) {
	w := newWorld(b)
	var longest, sum time.Duration
	for b.Loop() {
		token := w.applyIn(w.box, w.key, time.Hour, "R", "TopicA")
		c := enter(b, w.MQTTAddr(), w.bearing(device, "R|"+token))
		w.call(w.box, w.key, "RevokeToken", map[string]string{"InstanceId": instance, "Token": token})
		began := time.Now()
		c.wantCut(`{"code":3,"type":"R"}`)
		took := time.Since(began)
		longest, sum = max(longest, took), sum+took
		c.Close()
	}
	b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "cut-µs/op")
	b.ReportMetric(float64(longest.Microseconds()), "longest-cut-µs")
}
