package broker_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// says reports whether a finding of the entry says so.
func says(e journal.Entry, what string) bool {
	for _, f := range e.Findings {
		if strings.Contains(f.Message, what) {
			return true
		}
	}
	return false
}

// TestWrongPasswords: a refused signature is told what its password is instead, where that is seen.
func TestWrongPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.key.AccessKeySecret
	good := mqtt.Sign(device, secret)
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(device))
	raw := mac.Sum(nil)
	for i, c := range []struct{ password, want string }{
		{"", "is empty"},
		{good + "\n", "line ends"},
		{" " + good, "blanks"},
		{strings.ToUpper(hex.EncodeToString(raw)), "hexadecimal"},
		{string(raw), "bytes of the signature"},
		{secret, "the AccessKey Secret itself"},
		{mqtt.Sign("GID_test", secret), "the group id"},
		{mqtt.Sign(w.signed(device).user, secret), "the user name"},
		{"R|" + w.apply("R", "TopicA"), "the mode Token"},
	} {
		l := w.signed(device)
		l.password = c.password
		c1, ack := dial(t, w.MQTTAddr(), l)
		c1.Close()
		if ack.ReasonCode != 4 {
			t.Errorf("%d: CONNACK %d", i, ack.ReasonCode)
		}
		if e := w.newest("CONNECT"); !says(e, c.want) {
			t.Errorf("%d: %+v, want %q", i, e.Findings, c.want)
		}
	}
}

// newest is the newest entry of an operation.
func (w *world) newest(operation string) (newest journal.Entry) {
	w.t.Helper()
	for _, e := range w.journal() {
		if e.Operation == "mqtt."+operation {
			newest = e
		}
	}
	return newest
}

// TestForeignTokens: tokens of another sandbox, instance or AccessKey, and joined in any order.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box, key := w.newBox("two")
	r, wr, rw := w.apply("R", "TopicA"), w.apply("W", "TopicA"), w.apply("R,W", "TopicB")
	foreign := w.applyIn(box, key, time.Hour, "R", "TopicA")
	for password, want := range map[string]byte{
		"R|" + r + "|W|" + wr + "|RW|" + rw: 0, "RW|" + rw + "|W|" + wr + "|R|" + r: 0, "W|" + wr + "|RW|" + rw: 0,
		"R|" + rw + "|W|" + rw: 0, // one token in two places
		"R|" + foreign:         4, "R|" + r + "|W|" + foreign: 4, "W|" + r: 4, "r|" + r: 4, "R|" + r + "|": 4, "|R|" + r: 4,
		"R|" + r + "\n": 4, r: 4, r + "|R": 4, "R:" + r: 4, "R|" + r + "|W|": 4, strings.Repeat("R|x|", 20000) + "R|x": 4,
	} {
		c, ack := dial(t, w.MQTTAddr(), w.bearing(device, password))
		if ack.ReasonCode != want {
			t.Errorf("%.60s: CONNACK %d, want %d", password, ack.ReasonCode, want)
		}
		c.Close()
	}
	l := w.bearing(device, "R|"+foreign)
	l.user = "Token|" + key.AccessKeyID + "|" + instance
	enter(t, w.MQTTAddr(), l).wantQuiet() // the same token with the AccessKey of its sandbox
	l.user = "Token|" + key.AccessKeyID + "|post-cn-other"
	if _, ack := dial(t, w.MQTTAddr(), l); ack.ReasonCode != 4 {
		t.Errorf("another instance: CONNACK %d", ack.ReasonCode)
	}
}

// TestRubbishUploads: what is no upload is answered with code 1 and the cut at each QoS, and the text of a token is
// neither sent back nor journaled, wherever it stands.
func TestRubbishUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.apply("R", "TopicA")
	for _, payload := range []string{
		"", "null", "[]", `"x"`, "{", `{"token":7,"type":"R"}`, `{"token":"` + text + `"}`, `{"token":"R","type":"` + text + `"}`,
		`{"token":"","type":"` + text + `"}`, text, "R|" + text, strings.Repeat("[", 100000), "\x00\xff",
	} {
		for qos := range byte(3) {
			c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+text))
			c.publish("$SYS/uploadToken", payload, qos)
			c.wantCut(`{"code":1,"type":"RW"}`)
		}
	}
	c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+text))
	for _, topic := range []string{"$SYS/UploadToken", "$sys/uploadToken", "$SYS/uploadtokens"} {
		c.deliver(topic, upload("R", text), 1)
		if e := w.newest("PUBLISH"); !says(e, `"$SYS/uploadToken"`) {
			t.Errorf("%s: %+v", topic, e.Findings)
		}
	}
	for _, e := range w.journal() {
		if strings.Contains(e.Request.Body+e.Response.Body+e.Request.URL, text) || says(e, text) {
			t.Errorf("the text of a token is in the journal: %+v", e)
		}
	}
}

// TestOddFilters: what is no filter has the code of the protocol, also among good ones, and is journaled as such; what is
// named twice counts once.
func TestOddFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for version, want := range map[byte]byte{4: 128, 5: 143} {
		for _, filter := range []string{"", "a+", "a/#/b", "##"} {
			l := w.signed(device)
			l.version = version
			c := enter(t, w.MQTTAddr(), l)
			if codes := c.subscribe(1, "TopicA", filter, "TopicB"); string(codes) != string([]byte{1, want, 1}) {
				t.Errorf("%q: SUBACK %v", filter, codes)
			}
			if e := w.newest("SUBSCRIBE"); e.Outcome != mqtt.InvalidFilter {
				t.Errorf("%q: %s", filter, e.Outcome)
			}
			c.Close()
		}
	}
	c := enter(t, w.MQTTAddr(), w.signed(device))
	if codes := c.subscribe(1, "$SHARE/g/TopicA", "+/p2p/GID_test@@@other"); codes[0] != 128 || codes[1] != 128 {
		t.Errorf("SUBACK %v", codes)
	}
	var same []string
	for range 40 {
		same = append(same, "TopicA")
	}
	c.subscribe(1, same...)
	if e := w.newest("SUBSCRIBE"); e.Outcome != "ok" {
		t.Errorf("one filter 40 times: %s", e.Outcome)
	}
}

// TestAliases: with topic aliases of 5.0 a message is judged by its own topic, also after one that was dropped.
func TestAliases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.bearing(device, "W|"+w.apply("W", "TopicA/#"))
	l.version = 5
	c, reader := enter(t, w.MQTTAddr(), l), enter(t, w.MQTTAddr(), w.signed("GID_test@@@reader"))
	reader.subscribe(1, "#")
	send := func(topic, payload string, alias uint16) {
		c.send(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, TopicName: topic, Payload: []byte(payload),
			PacketID: c.id(), Properties: packets.Properties{TopicAlias: alias, TopicAliasFlag: true},
		})
	}
	send("TopicA/1", strings.Repeat("x", mqtt.MaxPayload+1), 1) // acknowledged and dropped
	c.want(packets.Puback)
	send("", "by its alias", 1)
	c.want(packets.Puback)
	reader.wantMessage("TopicA/1", "by its alias")
	send(mqtt.UploadTopic, upload("W", w.apply("W", "TopicA/#")), 2)
	c.want(packets.Puback)
	send("", upload("W", w.apply("W", "TopicB")), 2)
	c.want(packets.Puback)
	send("TopicB", "now", 1)
	c.want(packets.Puback)
	reader.wantMessage("TopicB", "now")
	send("", "never set", 9)
	c.wantCut("")
	w.wantEntry("DISCONNECT", mqtt.ProtocolError)
	reader.wantQuiet()
}

// TestProperties: what 5.0 carries beside a message reaches the receiver; a way to log in that is not there is refused.
func TestProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.signed(device)
	l.version = 5
	c := enter(t, w.MQTTAddr(), l)
	c.subscribe(1, "TopicA")
	c.send(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, TopicName: "TopicA", Payload: []byte("x"), PacketID: 9,
		Mods: packets.Mods{AllowResponseInfo: true}, Properties: packets.Properties{
			ContentType: "text/plain", ResponseTopic: "TopicB", CorrelationData: []byte("c"), PayloadFormat: 1,
			PayloadFormatFlag: true, User: []packets.UserProperty{{Key: "k", Val: "v"}},
		},
	})
	c.want(packets.Puback)
	p := c.want(packets.Publish).Properties
	if p.ContentType != "text/plain" || p.ResponseTopic != "TopicB" || string(p.CorrelationData) != "c" ||
		!p.PayloadFormatFlag || len(p.User) != 1 || p.User[0].Val != "v" {
		t.Errorf("%+v", p)
	}
	l.change = func(pk *packets.Packet) { pk.Properties.AuthenticationMethod = "SCRAM-SHA-1" }
	if _, ack := dial(t, w.MQTTAddr(), l); ack.ReasonCode != 134 {
		t.Errorf("CONNACK %d", ack.ReasonCode)
	}
	if e := w.wantEntry("CONNECT", mqtt.BadLogin); !says(e, "SCRAM-SHA-1") {
		t.Errorf("%+v", e.Findings)
	}
}

// TestYearLater: a clock moved by a year ends tokens and kept sessions; a client with a signature stays, and a new token
// counts from there.
func TestYearLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := w.signed("GID_test@@@kept")
	kept.keep = true
	left := enter(t, w.MQTTAddr(), kept)
	left.subscribe(1, "TopicA")
	left.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	left.wantCut("")
	signed := enter(t, w.MQTTAddr(), w.signed("GID_test@@@signed"))
	c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA")))
	w.advance(365 * 24 * time.Hour)
	c.wantCut(`{"code":2,"type":"R"}`)
	signed.deliver("TopicA", "x", 2)
	if _, ack := dial(t, w.MQTTAddr(), kept); ack.SessionPresent {
		t.Error("a session outlived a year")
	}
	enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA"))).wantQuiet()
}
