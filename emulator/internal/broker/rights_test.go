package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
)

// TestRights: what a token does not cover is answered with the notice of its code and the cut, and with nothing else.
func TestRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read, write, both := w.apply("R", "TopicA/+", "TopicB/#"), w.apply("W", "TopicA/+"), w.apply("R,W", "TopicA/#")
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("Sensor%03d/values/temperature/#", i))
	}
	hundred := w.apply("R", many...)
	for name, c := range map[string]struct {
		password, topic string
		publish         bool
		notice, finding string
	}{
		"read what is covered":        {"R|" + read, "TopicA/1", false, "", ""},
		"one level":                   {"R|" + read, "TopicA/+", false, "", ""},
		"all below":                   {"R|" + read, "TopicB/#", false, "", ""},
		"the level above all":         {"R|" + read, "TopicB", false, "", ""},
		"two levels for one":          {"R|" + read, "TopicA/1/2", false, `{"code":4,"type":"R"}`, `"TopicA/+"`},
		"all for one level":           {"R|" + read, "TopicA/#", false, `{"code":4,"type":"R"}`, `"TopicA/+"`},
		"everything":                  {"R|" + read, "#", false, `{"code":4,"type":"R"}`, ""},
		"write with a token to read":  {"R|" + read, "TopicA/1", true, `{"code":5,"type":"R"}`, "of the type W or RW; it holds R"},
		"read with a token to write":  {"W|" + write, "TopicA/1", false, `{"code":5,"type":"W"}`, "of the type R or RW"},
		"write what is covered":       {"W|" + write, "TopicA/1", true, "", ""},
		"write elsewhere":             {"W|" + write, "TopicC/1", true, `{"code":4,"type":"W"}`, ""},
		"both write":                  {"RW|" + both, "TopicA/1/2", true, "", ""},
		"both read":                   {"RW|" + both, "TopicA/#", false, "", ""},
		"both elsewhere":              {"RW|" + both, "TopicC", false, `{"code":4,"type":"RW"}`, "No resource"},
		"two tokens, read":            {"R|" + read + "|W|" + write, "TopicB/1", false, "", ""},
		"two tokens, write elsewhere": {"R|" + read + "|W|" + write, "TopicB/1", true, `{"code":4,"type":"W"}`, ""},
		"the last of a hundred":       {"R|" + hundred, "Sensor099/values/temperature/x", false, "", ""},
		"beside a hundred":            {"R|" + hundred, "Sensor100/values/temperature/x", false, `{"code":4,"type":"R"}`, "nearest resource"},
	} {
		for version := byte(4); version <= 5; version++ {
			l := w.bearing(device, c.password)
			l.version = version
			got := enter(t, w.MQTTAddr(), l)
			if c.publish {
				got.publish(c.topic, "x", 1)
			} else {
				got.ask(1, c.topic)
			}
			switch {
			case c.notice != "":
				got.wantCut(c.notice)
				checkFinding(t, w, c.finding)
			case c.publish:
				got.want(packets.Puback)
			default:
				if codes := got.want(packets.Suback).ReasonCodes; codes[0] != 1 {
					t.Errorf("%s: SUBACK %v", name, codes)
				}
			}
			got.Close()
		}
	}
	e := w.wantEntry("SUBSCRIBE", mqtt.WrongResource)
	if e.Status != 403 || !strings.Contains(e.Request.URL, "Topic=") || e.Response.Body == "" {
		t.Errorf("entry %+v", e)
	}
	w.wantEntry("DISCONNECT", mqtt.WrongType)
}

// TestWideSubscription: a subscription never brings more than the tokens that the client holds when a message comes.
func TestWideSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA/#")))
	reader.subscribe(1, "TopicA/#")
	writer := enter(t, w.MQTTAddr(), w.signed("GID_test@@@writer"))
	writer.deliver("TopicA/1", "one", 1)
	reader.wantMessage("TopicA/1", "one")
	reader.deliver("$SYS/uploadToken", upload("R", w.apply("R", "TopicA/2")), 1)
	writer.deliver("TopicA/1", "secret", 1)
	writer.deliver("TopicA/2", "two", 1)
	reader.wantMessage("TopicA/2", "two")
}

// TestUploads: a token is swapped at each QoS, and a bad one is answered with its code.
func TestUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for qos := range byte(3) {
		c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA")))
		c.deliver("$SYS/uploadToken", upload("R", w.apply("R", "TopicB")), qos)
		c.subscribe(0, "TopicB")
		c.ask(0, "TopicA")
		c.wantCut(`{"code":4,"type":"R"}`)
	}
	for name, c := range map[string]struct{ payload, notice string }{
		"no JSON":      {"token", `{"code":1,"type":"RW"}`},
		"no token":     {`{"type":"W"}`, `{"code":1,"type":"W"}`},
		"no such type": {`{"token":"x","type":"X"}`, `{"code":1,"type":"RW"}`},
		"forged":       {upload("R", "bm9uZQ=="), `{"code":1,"type":"R"}`},
		"wrong type":   {upload("W", w.apply("R", "TopicB")), `{"code":5,"type":"W"}`},
	} {
		got := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA")))
		got.publish("$SYS/uploadToken", c.payload, 1)
		t.Log(name)
		got.wantCut(c.notice)
	}
	for _, e := range w.journal() {
		if strings.Contains(e.Request.Body, "bm9uZQ") {
			t.Errorf("the text of a token is in the journal: %s", e.Request.Body)
		}
	}
}

// TestNothingAcknowledgedBeforeTheUpload is what clients rely on: what follows the acknowledgement is judged by the new
// token.
func TestSystemTopics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := enter(t, w.MQTTAddr(), w.bearing(device, "RW|"+w.apply("R,W", "TopicA")))
	for _, topic := range []string{"$SYS/enableOrderMsg", "$SYS/getOfflineMsg", "$SYS/other"} {
		for qos := range byte(3) {
			c.deliver(topic, "{}", qos)
		}
	}
	c.wantQuiet()
}
