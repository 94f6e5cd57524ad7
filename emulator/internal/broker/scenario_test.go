package broker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// play plays a scenario of one rule.
func (w *world) play(rule string) {
	w.t.Helper()
	err := w.World().Play(w.t.Context(), w.box, play.Playing{Source: "name: own\nrules: [" + rule + "]\n"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// playAll plays a scenario of several rules.
func (w *world) playAll(rules string) {
	w.t.Helper()
	err := w.World().Play(w.t.Context(), w.box, play.Playing{Source: "name: own\nrules:" + rules + "\n"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestEveryError sets off every documented error of the packets by its name.
func TestEveryError(t *testing.T) { //nolint:tparallel // the subtests play one after the other
	t.Parallel()
	w := newWorld(t)
	for _, op := range w.World().Catalogue().API(mqtt.Name).Operations {
		for _, e := range op.Errors {
			if op.ID == mqtt.Disconnect {
				continue // nothing answers the end of a connection
			}
			t.Run(op.ID+" "+e.Code, func(t *testing.T) {
				w.play(`{on: mqtt.` + op.ID + `, script: [{fail: "` + e.Code + `"}]}`)
				for version := byte(4); version <= 5; version++ {
					checkError(t, w, op.ID, e.Code, byte(e.Number), version)
				}
				if err := w.World().StopPlaying(t.Context(), w.box, "own"); err != nil {
					t.Fatal(err)
				}
				if got := w.wantEntry(op.ID, e.Code); got.Status != e.Status || got.Decision == nil {
					t.Errorf("entry %+v", got)
				}
			})
		}
	}
}

func checkError(t *testing.T, w *world, operation, code string, reason, version byte) {
	t.Helper()
	l := w.signed(device)
	l.version = version
	c, ack := dial(t, w.MQTTAddr(), l)
	defer c.Close()
	if operation == mqtt.Connect {
		want := reason
		if version == 4 {
			want = 3
			if len(code) == 1 {
				want = code[0] - '0'
			}
		}
		if ack.ReasonCode != want {
			t.Errorf("CONNACK %d, want %d", ack.ReasonCode, want)
		}
		return
	}
	if operation == mqtt.Publish {
		c.publish("TopicA", "x", 1)
	} else {
		c.ask(1, "TopicA")
	}
	notice := ""
	switch code {
	case "MessageTooLarge", "TopicTooLong":
		if operation == mqtt.Publish {
			c.want(packets.Puback)
			return
		}
		fallthrough
	case "TooManySubscriptions":
		c.want(packets.Suback)
		return
	case "SharedSubscription", "InvalidFilter":
		if version == 4 {
			reason = 128
		}
		if codes := c.want(packets.Suback).ReasonCodes; len(codes) != 1 || codes[0] != reason {
			t.Errorf("SUBACK %v, want %d", codes, reason)
		}
		return
	case "InternalError", "Stopped":
	default:
		notice = `{"code":` + code + `,"type":"RW"}`
	}
	c.wantCut(notice)
}

// newWorldWithoutWaits is a world in which what waits goes on at once, and tells how long it would have waited.
func newWorldWithoutWaits(t *testing.T) (*world, <-chan time.Duration) {
	t.Helper()
	waited := make(chan time.Duration, 10)
	return newWorld(t, func(o *emulator.Options) {
		o.After = func(d time.Duration) <-chan time.Time {
			waited <- d
			over := make(chan time.Time, 1)
			over <- time.Time{}
			return over
		}
	}), waited
}

// TestScripts: a script can delay, drop, cut and lose the notice of a refusal.
func TestScripts(t *testing.T) {
	t.Parallel()
	w, waited := newWorldWithoutWaits(t)
	w.play(`{on: mqtt.CONNECT, when: {params.ClientId: "*late"}, script: [{delay: 3s}]}`)
	enter(t, w.MQTTAddr(), w.signed("GID_test@@@late")).wantQuiet()
	if d := <-waited; d != 3*time.Second {
		t.Errorf("waited %v", d)
	}
	w.play(`{on: mqtt.CONNECT, script: [{network: close}]}`)
	if _, ack := dial(t, w.MQTTAddr(), w.signed(device)); ack.FixedHeader.Type != packets.Reserved {
		t.Errorf("got %+v", ack)
	}
	w.play(`{on: mqtt.PUBLISH, when: {params.Topic: "Lost/*"}, script: [{network: stall}]}`)
	reader, writer := enter(t, w.MQTTAddr(), w.signed(device)), enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
	reader.subscribe(1, "#")
	writer.publish("Lost/1", "x", 1)
	writer.wantQuiet()
	reader.wantQuiet()
	w.play(`{on: mqtt.PUBLISH, script: [{fail: "4", network: close}]}`)
	writer.publish("TopicA", "x", 1)
	writer.wantCut("")
	if e := w.wantEntry("PUBLISH", "4"); e.Delivery.State != "closed" || e.Response.Body != "" {
		t.Errorf("entry %+v", e)
	}
	w.play(`{on: mqtt.SUBSCRIBE, script: [{network: reset}]}`)
	reader.ask(1, "TopicA")
	reader.wantCut("")
	w.play(`{on: mqtt.PUBLISH, script: [{delay: 2s}]}`)
	writer = enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
	writer.deliver("TopicA", "x", 1)
	if d := <-waited; d != 2*time.Second {
		t.Errorf("waited %v", d)
	}
}

// TestEffectsAndStates: rules with effects delay packets beside what other rules decide, states that one packet sets decide
// about the next, and the journal says which rules had a part in it.
func TestEffectsAndStates(t *testing.T) {
	t.Parallel()
	w, waited := newWorldWithoutWaits(t)
	w.playAll(`
  - {on: [mqtt.CONNECT, mqtt.PUBLISH], also: {delay: 2s}}
  - {on: mqtt.PUBLISH, when: {params.Topic: close/*}, also: {}, then: {state.closed: {value: "yes", for: 10m}}}
  - {on: mqtt.CONNECT, when: {state.closed: "yes"}, script: [{fail: "3"}]}
  - {on: mqtt.PUBLISH, when: {state.closed: "yes", params.Topic: TopicA}, script: [{fail: "4"}]}`)
	wantWait := func() {
		t.Helper()
		if d := <-waited; d != 2*time.Second {
			t.Errorf("waited %v", d)
		}
	}
	c := enter(t, w.MQTTAddr(), w.signed(device))
	wantWait()
	c.deliver("TopicA", "open", 1)
	wantWait()
	if e := w.wantEntry("PUBLISH", "ok"); len(e.Also) != 1 || e.Also[0].Rule != 0 || e.Decision != nil ||
		e.Delivery.State != "delayed" || e.Delivery.DelayMillis != 2000 {
		t.Errorf("entry %+v", e)
	}
	c.deliver("close/1", "x", 1)
	wantWait()
	if _, ack := dial(t, w.MQTTAddr(), w.signed("GID_test@@@late")); ack.ReasonCode != 3 {
		t.Errorf("CONNACK %d, want 3", ack.ReasonCode)
	}
	wantWait()
	if e := w.wantEntry("CONNECT", "3"); e.Decision == nil || e.Decision.Rule != 2 || len(e.Also) != 1 {
		t.Errorf("entry %+v, decision %+v", e, e.Decision)
	}
	c.publish("TopicA", "x", 1)
	wantWait()
	c.wantCut(`{"code":4,"type":"RW"}`)
	if e := w.wantEntry("PUBLISH", "4"); e.Decision == nil || e.Decision.Rule != 3 {
		t.Errorf("decision %+v", e.Decision)
	}
	w.advance(10 * time.Minute)
	enter(t, w.MQTTAddr(), w.signed(device)).deliver("TopicA", "open again", 1)
}

// TestRulesNotAsked: what is refused before the scenarios have a say names the rules that would have had one.
func TestRulesNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.playAll(`
  - {on: mqtt.CONNECT, script: [{delay: 1s}]}
  - {on: mqtt.SUBSCRIBE, when: {params.ClientId: "*"}, script: [{delay: 1s}]}`)
	l := w.signed("GID_test@@@wrong")
	l.password = "wrong"
	if _, ack := dial(t, w.MQTTAddr(), l); ack.ReasonCode != 4 {
		t.Fatalf("CONNACK %d", ack.ReasonCode)
	}
	e := w.wantEntry("CONNECT", "4")
	if len(e.Misses) != 1 || e.Misses[0].Scenario != "own" || e.Misses[0].Rule != 0 || e.Misses[0].Got != "4" || e.Decision != nil {
		t.Errorf("misses %+v, decision %+v", e.Misses, e.Decision)
	}
	w.playAll(`
  - {on: mqtt.SUBSCRIBE, script: [{delay: 1s}]}`)
	c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA")))
	c.ask(1, "TopicB")
	c.wantCut(`{"code":4,"type":"R"}`)
	if e := w.wantEntry("SUBSCRIBE", "4"); len(e.Misses) != 1 || e.Misses[0].Got != "4" {
		t.Errorf("misses %+v", e.Misses)
	}
}

// TestMagicValues: a client id or a topic sets off a refusal, without any scenario of the test's own.
func TestMagicValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for want := byte(2); want <= 5; want++ {
		if _, ack := dial(t, w.MQTTAddr(), w.signed(fmt.Sprintf("GID_magic@@@fail-%d", want))); ack.ReasonCode != want {
			t.Errorf("CONNACK %d, want %d", ack.ReasonCode, want)
		}
	}
	for _, code := range []string{"1", "2", "3", "4", "5", "8", "-1"} {
		c := enter(t, w.MQTTAddr(), w.signed(device))
		c.publish("magic/fail-"+code, "x", 1)
		c.wantCut(`{"code":` + code + `,"type":"RW"}`)
		c = enter(t, w.MQTTAddr(), w.signed(device))
		c.ask(0, "magic/fail-"+code)
		c.wantCut(`{"code":` + code + `,"type":"RW"}`)
	}
}

// TestJournal: entries tell what packets said, and hold no secret.
func TestJournal(t *testing.T) {
	t.Parallel()
	for _, hidden := range []bool{false, true} {
		w := newWorld(t, func(o *emulator.Options) { o.MQTTHidePayloads = hidden })
		text := w.apply("R,W", "TopicA/#")
		c := enter(t, w.MQTTAddr(), w.bearing(device, "RW|"+text))
		c.deliver("TopicA/1", "hello", 1)
		c.deliver("$SYS/uploadToken", upload("RW", text), 1)
		e := w.wantEntry("PUBLISH", "ok")
		if body := e.Request.Body; hidden != (body == "") || !hidden && body != "hello" {
			t.Errorf("hidden %v: body %q", hidden, body)
		}
		for name, want := range map[string]string{"Topic": "TopicA/1", "Qos": "1", "Bytes": "5", "Clientid": device} {
			if got := e.Request.Headers[name]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		for _, e := range w.journal() {
			if strings.Contains(e.Request.Body+e.Request.URL+strings.Join(e.Request.Headers["Username"], ""), text) {
				t.Errorf("the text of a token is in the journal: %+v", e.Request)
			}
		}
		coverage, err := w.World().Coverage(t.Context(), w.box)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range coverage.Operations {
			if op.ID == "mqtt.PUBLISH" && op.OK != 2 {
				t.Errorf("coverage %+v", op)
			}
		}
	}
}

// TestObserved: whoever watches the calls is told of packets too, as of the gateway mqtt.
func TestObserved(t *testing.T) {
	t.Parallel()
	seen := make(chan emulator.Observation, 10)
	w := newWorld(t, func(o *emulator.Options) {
		o.Observe = func(_ context.Context, call emulator.Observation) { seen <- call }
	})
	enter(t, w.MQTTAddr(), w.signed(device))
	call := <-seen
	if call.Gateway != mqtt.Name || call.Operation == nil || call.Operation.Name != "mqtt.CONNECT" || call.Outcome != "ok" ||
		call.Done.Before(call.Arrived) {
		t.Errorf("%+v", call)
	}
}
