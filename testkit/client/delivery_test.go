package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestDeliveryOfCalls tells good replies that came from those that did not.
func TestDeliveryOfCalls(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	box.Script("lost", "name: lost\nrules: [{on: ccmessaging.tokenByAkSk, script: [pass, {delay: 20ms}, {network: reset}]}]")
	for range 2 {
		authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
	}
	if reply, err := http.DefaultClient.Do(authorization(t, em, box)); err == nil {
		_ = reply.Body.Close()
		t.Error("the connection was not reset")
	}
	for state, bytes := range map[client.DeliveryState]bool{
		client.DeliveryWhole: true, client.DeliveryDelayed: true, client.DeliveryReset: false,
	} {
		got := box.Expect(t, operation).Outcome("ok").Delivery(state).Once()
		if got.Delivery.Bytes > 0 != bytes || got.Delivery.DurationMicros <= 0 {
			t.Errorf("%s: %+v", state, got.Delivery)
		}
	}
	box.Expect(t, operation).Delivery(client.DeliveryStalled).Never()
	reports := play(t, func(t client.T) { box.Expect(t, operation).Delivery(client.DeliveryStalled).Once() })
	if got := strings.Join(reports, "\n"); !strings.Contains(got, `with delivery "stalled"`) ||
		!strings.Contains(got, ": ok (200), reset\n") || !strings.Contains(got, ": ok (200)\n") {
		t.Errorf("the report is\n%s", got)
	}
	reports = play(t, func(t client.T) { box.Expect(t, operation).Delivery("resett").Never() })
	if got := strings.Join(reports, "\n"); !strings.Contains(got, `no reply is ever "resett"`) {
		t.Errorf("a state that does not exist passes: %q", got)
	}
}

// TestFollowTellsOfDeliveries hears what becomes of a call that was open when it came.
func TestFollowTellsOfDeliveries(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	box.Script("stall", "name: stall\nrules: [{on: ccmessaging.tokenByAkSk, script: [{network: stall}]}]")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	ask := authorization(t, em, box).WithContext(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(ask) //nolint:bodyclose // there is no answer
		ended <- err
	}()
	var came *client.Entry
	for event, err := range em.Control().Follow(t.Context(), box.ID, client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Entry != nil {
			came = event.Entry
			leave()
			continue
		}
		if d := event.Delivered; d == nil || d.Seq != came.Seq || d.ID != came.ID || d.Delivery.State != client.DeliveryAbandoned {
			t.Errorf("it became %+v", event)
		}
		break
	}
	if came.Delivery.State != client.DeliveryStalled {
		t.Errorf("it came as %+v", came.Delivery)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the client felt %v", err)
	}
}

// authorization is a good call, not made yet.
func authorization(t *testing.T, em *client.Emulator, box *client.Box) *http.Request {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, em.URL()+"/apigovernance/api/oauth/tokenByAkSk",
		strings.NewReader(`{"app_key":"`+box.Fabric.AppKey+`","app_secret":"`+box.Fabric.AppSecret+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Content-Type", "application/json")
	return ask
}
