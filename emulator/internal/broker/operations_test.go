package broker_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// reply is that of the operations about clients.
type reply struct {
	OnlineStatus *bool
	MsgID        string `json:"MsgId"`
	Code         int
	Message      string
	Success      bool
	RequestID    string `json:"RequestId"`
}

func (w *world) ask(box *sandbox.Sandbox, key gatewaytest.ACSCredential, action string, pairs ...string) (got reply) {
	w.t.Helper()
	params := map[string]string{"InstanceId": instance}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i]] = pairs[i+1]
	}
	if err := json.Unmarshal([]byte(w.call(box, key, action, params)), &got); err != nil || got.RequestID == "" {
		w.t.Fatalf("%v, %+v", err, got)
	}
	return got
}

func (w *world) wantOnline(want bool, clientID string, pairs ...string) {
	w.t.Helper()
	got := w.ask(w.box, w.key, "QuerySessionByClientId", append(pairs, "ClientId", clientID)...)
	if got.OnlineStatus == nil || *got.OnlineStatus != want {
		w.t.Errorf("%s is online: %v, want %v", clientID, got.OnlineStatus, want)
	}
}

// TestQuerySession: a client is online from its CONNACK to the end of its connection, at its instance and sandbox alone.
func TestQuerySession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantOnline(false, device)
	for _, keep := range []bool{false, true} {
		l := w.signed(device)
		l.keep = keep
		c := enter(t, w.MQTTAddr(), l)
		c.wantQuiet()
		w.wantOnline(true, device)
		w.wantOnline(false, device, "InstanceId", "post-cn-other")
		w.wantOnline(false, "GID_test@@@other")
		w.wantOnline(false, strings.ToLower(device))
		w.wantOnline(false, "no client id at all")
		c.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
		c.wantCut("")
		w.wantGone()
		w.wantOnline(false, device)
	}
	other, key := w.newBox("two")
	enter(t, w.MQTTAddr(), signedBy(key, device)).wantQuiet()
	w.wantOnline(false, device)
	if got := w.ask(other, key, "QuerySessionByClientId", "ClientId", device); !*got.OnlineStatus {
		t.Error("the other sandbox does not see its client")
	}
	if _, ack := dial(t, w.MQTTAddr(), login{id: device, user: w.signed(device).user, password: "wrong"}); ack.ReasonCode == 0 {
		t.Fatal("let in with a wrong password")
	}
	w.wantOnline(false, device)
}

// TestSendMessage: a message of a server reaches those who subscribed and may read, a point-to-point one its client,
// kept sessions and nobody else; what it says arrives byte for byte.
func TestSendMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.ask(w.box, w.key, "SendMessage", "MqttTopic", "TopicA", "Payload", "nobody hears"); len(got.MsgID) != 32 {
		t.Errorf("%+v", got)
	}
	kept := w.signed("GID_test@@@kept")
	kept.keep = true
	left := enter(t, w.MQTTAddr(), kept)
	left.subscribe(1, "TopicA/#")
	left.send(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}})
	left.wantCut("")
	w.wantGone()
	readers := []*client{enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA/#"))), enter(t, w.MQTTAddr(), w.signed("GID_test@@@two"))}
	for _, c := range readers {
		c.subscribe(2, "TopicA/+")
	}
	elsewhere, key := w.newBox("two")
	stranger := enter(t, w.MQTTAddr(), signedBy(key, device))
	stranger.subscribe(2, "#")
	first := w.ask(w.box, w.key, "SendMessage", "MqttTopic", "TopicA/1", "Payload", "eA== 主题\n")
	for _, c := range readers {
		if pk := c.wantMessage("TopicA/1", "eA== 主题\n"); pk.FixedHeader.Qos != 1 {
			t.Errorf("QoS %d", pk.FixedHeader.Qos)
		}
	}
	second := w.ask(w.box, w.key, "SendMessage", "MqttTopic", "TopicB/p2p/"+device, "Payload", "for you")
	readers[0].wantMessage("TopicB/p2p/"+device, "for you")
	readers[1].wantQuiet()
	if first.MsgID == second.MsgID || strings.Trim(first.MsgID, "0123456789ABCDEF") != "" {
		t.Errorf("messages %s and %s", first.MsgID, second.MsgID)
	}
	back, ack := dial(t, w.MQTTAddr(), kept)
	if !ack.SessionPresent {
		t.Fatal("the session is gone")
	}
	back.wantMessage("TopicA/1", "eA== 主题\n")
	stranger.wantQuiet()
	w.ask(elsewhere, key, "SendMessage", "MqttTopic", "T", "Payload", "here")
	stranger.wantMessage("T", "here")
}

// TestCloseConnection: the client is cut when the call returns, and the journal says by which one. One that is not
// connected is no error.
func TestCloseConnection(t *testing.T) {
	t.Parallel()
	for version := byte(4); version <= 5; version++ {
		w := newWorld(t)
		l := w.signed(device)
		l.version, l.keep = version, true
		c := enter(t, w.MQTTAddr(), l)
		other := enter(t, w.MQTTAddr(), w.signed("GID_test@@@other"))
		c.wantQuiet()
		w.ask(w.box, w.key, "CloseConnection", "ClientId", device, "InstanceId", "post-cn-other")
		c.wantQuiet()
		got := w.ask(w.box, w.key, "CloseConnection", "ClientId", device)
		if got.Code != 200 || !got.Success || got.Message != "operation success." {
			t.Errorf("%+v", got)
		}
		w.wantOnline(false, device)
		if version == 5 {
			if pk := c.want(packets.Disconnect); pk.ReasonCode != 152 {
				t.Errorf("DISCONNECT %d", pk.ReasonCode)
			}
		}
		c.wantCut("")
		if e := w.wantEntry("DISCONNECT", mqtt.AdministrativeAction); len(e.Findings) != 1 || !strings.Contains(e.Findings[0].Message, "CloseConnection") {
			t.Errorf("entry %+v", e)
		}
		other.wantQuiet()
		if again := w.ask(w.box, w.key, "CloseConnection", "ClientId", device); !again.Success {
			t.Errorf("%+v", again)
		}
		if _, ack := dial(t, w.MQTTAddr(), l); !ack.SessionPresent {
			t.Error("the session went with its connection")
		}
	}
}

// TestOperationsWithoutABroker: where nothing listens for MQTT, nobody is online and messages reach nobody.
func TestOperationsWithoutABroker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *emulator.Options) { o.MQTTAddr = emulator.Off })
	w.wantOnline(false, device)
	w.ask(w.box, w.key, "SendMessage", "MqttTopic", "TopicA", "Payload", "x")
	if got := w.ask(w.box, w.key, "CloseConnection", "ClientId", device); !got.Success {
		t.Errorf("%+v", got)
	}
}

// TestRefusedSendReachesNobody: what is beyond the limit is refused before anybody gets it.
func TestRefusedSendReachesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box, key := w.newBox("limited", func(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.SendMessage": "1/h"} })
	c := enter(t, w.MQTTAddr(), signedBy(key, device))
	c.subscribe(1, "TopicA")
	w.ask(box, key, "SendMessage", "MqttTopic", "TopicA", "Payload", "first")
	c.wantMessage("TopicA", "first")
	call := gatewaytest.Request{Method: http.MethodPost, Host: "onsmqtt.local", Path: "/", Query: url.Values{
		"InstanceId": {instance}, "MqttTopic": {"TopicA"}, "Payload": {"second"},
	}}
	req, err := w.callers[key.AccessKeyID].RPC(call, "SendMessage", "2020-04-20").HTTP()
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, req.WithContext(t.Context()))
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), "SystemOverFlow") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	c.wantQuiet()
}

// wantGone waits until no client of the sandbox is connected.
func (w *world) wantGone() {
	w.t.Helper()
	w.until("the end of all connections", func() error {
		if connected, err := w.Broker().Clients(w.t.Context(), w.box); err != nil || len(connected) > 0 {
			return errors.New("clients are connected")
		}
		return nil
	})
}
