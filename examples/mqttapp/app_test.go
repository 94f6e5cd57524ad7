package mqttapp_test

import (
	"context"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/examples/mqttapp"
	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

const (
	instance = "post-cn-example"
	clientID = "GID_example@@@device-1"
	patience = 5 * time.Second
)

// open connects the app to a sandbox whose clock the test moves. It returns what the app receives, and what fails in it.
func open(t *testing.T) (*client.Box, *mqttapp.App, <-chan string, <-chan error) {
	t.Helper()
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), client.Frozen())
	tokens := &tokenapp.MQTTTokens{
		Endpoint: em.Addr(), AccessKeyID: box.ACS.AccessKeyID, AccessKeySecret: box.ACS.AccessKeySecret,
		InstanceID: instance, Topics: []string{"orders/#"}, Now: box.Now,
		Wait: func(_ context.Context, d time.Duration) error { box.Advance(d); return nil },
	}
	received, failed := make(chan string, 10), make(chan error, 10)
	app, err := mqttapp.Connect(t.Context(), mqttapp.Options{
		Broker: "tcp://" + box.MQTT.Addr, InstanceID: instance, AccessKeyID: box.ACS.AccessKeyID, ClientID: clientID,
		Token: tokens.Token, Received: func(_ string, payload []byte) { received <- string(payload) },
		Failed: func(err error) { failed <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	if err := app.Subscribe("orders/#"); err != nil {
		t.Fatal(err)
	}
	return box, app, received, failed
}

func publish(t *testing.T, app *mqttapp.App, received <-chan string, text string) {
	t.Helper()
	if err := app.Publish("orders/1", []byte(text)); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-received:
		if got != text {
			t.Errorf("received %q, want %q", got, text)
		}
	case <-time.After(patience):
		t.Fatalf("%q did not come", text)
	}
}

// Hours pass in milliseconds. The app hears five minutes ahead that its token ends, uploads a new one, and is never
// cut: it logs in once.
func TestTheTokenStaysFresh(t *testing.T) {
	t.Parallel()
	box, app, received, failed := open(t)
	for n := range 4 {
		publish(t, app, received, "hello")
		box.Advance(55 * time.Minute)
		box.Expect(t, "mqtt.PUBLISH").Topic("$SYS/uploadToken").Outcome("ok").Within(patience).Times(n + 1)
	}
	publish(t, app, received, "still here")
	box.Expect(t, "mqtt.CONNECT").Outcomes("ok")
	box.Expect(t, "onsmqtt.ApplyToken").Times(5)
	select {
	case err := <-failed:
		t.Error(err)
	default:
	}
}

// Where the clock jumps past the end of the token, the app is cut. It tries to come back, with a token once it is given
// one.
func TestTheAppComesBack(t *testing.T) {
	t.Parallel()
	const refused = "error/onsmqtt.ApplyToken/PermissionCheckFailed"
	box, _, _, failed := open(t)
	box.Play(refused)
	box.Advance(2 * time.Hour)
	select {
	case <-failed:
	case <-time.After(patience):
		t.Fatal("the app heard of nothing")
	}
	box.Expect(t, "mqtt.DISCONNECT").Outcome("2").Within(patience).Once()
	box.Expect(t, "mqtt.CONNECT").Outcome("4").Within(patience).AtLeast(1)
	box.Stop(refused)
	box.Expect(t, "mqtt.CONNECT").Outcome("ok").Within(patience).Times(2)
}
