package cli_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// TestRequestsTellTheDelivery in the row of a call and in full.
func TestRequestsTellTheDelivery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delivery  client.Delivery
		row, full string
	}{
		{
			client.Delivery{State: client.DeliveryWhole, Bytes: 407, DurationMicros: 192},
			`ok +200 +192µs +one$`, "whole, 407 bytes sent, after 192µs",
		},
		{
			client.Delivery{State: client.DeliveryDelayed, DelayMillis: 8000, Bytes: 407, DurationMicros: 8_000_250},
			`ok +200 +8s +one$`, "delayed, 407 bytes sent, after 8s, scripted delay 8s",
		},
		{
			client.Delivery{State: client.DeliveryReset, Network: "reset", DurationMicros: 192},
			`ok +200 +reset +one +Instead of the reply the connection was reset\.$`,
			"reset, 0 bytes sent, after 192µs, network: reset",
		},
		{
			client.Delivery{State: client.DeliveryTruncated, Network: "truncate", Bytes: 203, DurationMicros: 192},
			`ok +200 +truncated +one +Of the body 203 of 407 bytes were sent\.$`,
			"truncated, 203 bytes sent, after 192µs, network: truncate",
		},
		{
			client.Delivery{State: client.DeliveryPending, DelayMillis: 8000, DurationMicros: 192},
			`ok +200 +pending +one +The reply is still on its way\.$`,
			"pending, 0 bytes sent, after 192µs, scripted delay 8s",
		},
	} {
		server := httptest.NewServer(paged{entries: []client.Entry{{
			ID: "one", Seq: 1, Operation: "onsmqtt.ApplyToken", Outcome: "ok", Status: 200, DurationMicros: 150,
			Delivery: c.delivery, Response: client.Response{Status: 200, BodyBytes: 407},
		}}})
		t.Cleanup(server.Close)
		if got := run(t, nil, "requests", "--control", server.URL); !regexp.MustCompile(`(?m)` + c.row).MatchString(got.out) {
			t.Errorf("%s reads\n%s", c.delivery.State, got.out)
		}
		got := run(t, nil, "requests", "--verbose", "--control", server.URL)
		if !regexp.MustCompile(`(?m)^delivery +` + regexp.QuoteMeta(c.full) + `$`).MatchString(got.out) {
			t.Errorf("%s reads in full\n%s", c.delivery.State, got.out)
		}
	}
}

// TestFollowCompletesOpenCalls shows a call again once its delivery is known, and no call that was complete before.
func TestFollowCompletesOpenCalls(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(stream(`event: delivery
data: {"id":"zero","seq":1,"delivery":{"state":"delayed","delayMillis":8000,"network":"","bytes":4,"durationMicros":8000000}}

event: request
id: 2
data: {"id":"one","seq":2,"outcome":"ok","delivery":{"state":"stalled","network":"stall"}}

event: request
id: 3
data: {"id":"two","seq":3,"outcome":"ok","delivery":{"state":"whole","durationMicros":80}}

event: delivery
data: {"id":"one","seq":2,"delivery":{"state":"abandoned","delayMillis":0,"network":"stall","bytes":0,"durationMicros":9}}

event: removed
data: {}

`))
	t.Cleanup(server.Close)
	following := start(t, nil, "requests", "--follow", "--control", server.URL)
	<-following.code
	following.await(t, `^TIME .*\n.* stalled +one .*\n.* 80µs +two\n.* abandoned +one .*\n$`)
	following = start(t, nil, "requests", "--follow", "--json", "--control", server.URL)
	<-following.code
	lines := strings.Split(strings.TrimSpace(following.out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[2], `"id":"one","seq":2,`) || !strings.Contains(lines[2], `"abandoned"`) {
		t.Errorf("got %q", lines)
	}
}
