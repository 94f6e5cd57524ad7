package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// soon is what a cut may take here, where other tests keep the machine busy; BenchmarkCut measures the 50 ms.
const soon = 500 * time.Millisecond

// TestEnds: whatever ends a token, its idle client is told and cut at once.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end     func(t *testing.T, w *world, text, id string)
		notice  string
		outcome string
	}{
		"the clock": {func(_ *testing.T, w *world, _, _ string) { w.advance(time.Hour) }, `{"code":2,"type":"R"}`, mqtt.Expired},
		"RevokeToken": {func(_ *testing.T, w *world, text, _ string) {
			w.call(w.box, w.key, "RevokeToken", map[string]string{"InstanceId": instance, "Token": text})
		}, `{"code":3,"type":"R"}`, mqtt.Revoked},
		"tokens revoke": {func(t *testing.T, w *world, _, id string) { t.Helper(); w.changeToken(t, id, token.Revoked) }, `{"code":3,"type":"R"}`, mqtt.Revoked},
		"tokens expire": {func(t *testing.T, w *world, _, id string) { t.Helper(); w.changeToken(t, id, token.Expired) }, `{"code":2,"type":"R"}`, mqtt.Expired},
		"a reset": {func(t *testing.T, w *world, _, _ string) {
			t.Helper()
			if err := w.World().Reset(t.Context(), w.box); err != nil {
				t.Fatal(err)
			}
		}, `{"code":3,"type":"R"}`, ""},
		"removal": {func(t *testing.T, w *world, _, _ string) {
			t.Helper()
			if err := w.World().RemoveSandbox(t.Context(), w.box.ID); err != nil {
				t.Fatal(err)
			}
		}, `{"code":3,"type":"R"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			text := w.apply("R", "TopicA/#")
			c1 := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+text+"|W|"+w.apply("W", "TopicA/#")))
			signed := enter(t, w.MQTTAddr(), w.signed("GID_test@@@signed"))
			c1.wantQuiet()
			listed, err := w.World().Tokens(t.Context(), w.box)
			if err != nil {
				t.Fatal(err)
			}
			c.end(t, w, text, listed[1].ID)
			began := time.Now()
			c1.wantCut(c.notice)
			if took := time.Since(began); took > soon {
				t.Errorf("cut after %v", took)
			}
			if c.outcome == "" {
				signed.wantCut("")
				return
			}
			signed.wantQuiet()
			if e := w.wantEntry("DISCONNECT", c.outcome); e.Response.Body != c.notice || !strings.Contains(e.Findings[0].Message, listed[1].ID) {
				t.Errorf("entry %+v", e)
			}
		})
	}
}

func (w *world) changeToken(t *testing.T, id string, to token.State) {
	t.Helper()
	if _, err := w.World().ChangeToken(t.Context(), w.box, id, to); err != nil {
		t.Fatal(err)
	}
}

// TestNotice: five minutes before its end a client hears of a token's, once.
func TestNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := enter(t, w.MQTTAddr(), w.bearing(device, "R|"+w.apply("R", "TopicA/#")))
	w.advance(54 * time.Minute)
	c.wantQuiet()
	w.advance(time.Minute)
	const notice = `{"expireTime":1893459600000,"type":"R"}`
	if pk := c.want(packets.Publish); pk.TopicName != mqtt.ExpireTopic || string(pk.Payload) != notice || pk.FixedHeader.Qos != 0 {
		t.Errorf("%s %s", pk.TopicName, pk.Payload)
	}
	w.advance(time.Minute)
	c.wantQuiet()
	// A new token has a notice of its own.
	c.deliver("$SYS/uploadToken", upload("R", w.applyIn(w.box, w.key, 10*time.Minute, "R", "TopicA/#")), 1)
	w.advance(5 * time.Minute)
	if pk := c.want(packets.Publish); pk.TopicName != mqtt.ExpireTopic {
		t.Errorf("%s %s", pk.TopicName, pk.Payload)
	}
	w.advance(5 * time.Minute)
	c.wantCut(`{"code":2,"type":"R"}`)
}

// TestRunningClock: where the clock runs, a token ends by itself.
func TestRunningClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := false
	c := enter(t, w.MQTTAddr(), w.bearing(device, "W|"+w.apply("W", "TopicA/#")))
	near := start.Add(time.Hour - 300*time.Millisecond)
	if _, err := w.World().ChangeClock(t.Context(), w.box, sandbox.ClockChange{Now: &near, Frozen: &run}); err != nil {
		t.Fatal(err)
	}
	if pk := c.want(packets.Publish); pk.TopicName != mqtt.ExpireTopic {
		t.Errorf("%s %s", pk.TopicName, pk.Payload)
	}
	began := time.Now()
	c.wantCut(`{"code":2,"type":"W"}`)
	if took := time.Since(began); took < 200*time.Millisecond || took > 300*time.Millisecond+soon {
		t.Errorf("cut after %v", took)
	}
}

// TestAfterReset: who logs in after a reset is not cut with those of before.
func TestAfterReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := enter(t, w.MQTTAddr(), w.signed(device))
	if err := w.World().Reset(t.Context(), w.box); err != nil {
		t.Fatal(err)
	}
	fresh := enter(t, w.MQTTAddr(), w.signed("GID_test@@@fresh"))
	old.wantCut("")
	fresh.wantQuiet()
	w.advance(time.Minute)
	fresh.wantQuiet()
	for _, e := range w.journal() {
		if e.Operation == "mqtt.DISCONNECT" {
			t.Errorf("the journal after the reset tells of what was before: %+v", e)
		}
	}
}
