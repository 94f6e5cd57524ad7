package cli

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// duration says in a row how long the call took its client, or what became of the reply instead.
func duration(e client.Entry) string {
	switch s := e.Delivery.State; s {
	case "": // an emulator that does not know it yet
		return micros(e.DurationMicros)
	case client.DeliveryWhole, client.DeliveryDelayed, client.DeliveryDripped:
		return micros(e.Delivery.DurationMicros)
	default:
		return string(s)
	}
}

// micros writes a duration in microseconds, one of seconds to the millisecond.
func micros(n int64) string {
	d := time.Duration(n) * time.Microsecond
	if d >= time.Second {
		d = d.Round(time.Millisecond)
	}
	return d.String()
}

// deliveryNote says what a client got of a reply that it did not get whole; empty where it did.
func deliveryNote(e client.Entry) string {
	if e.Delivery.State == client.DeliveryTruncated {
		return fmt.Sprintf("Of the body %d of %d bytes were sent.", e.Delivery.Bytes, e.Response.BodyBytes)
	}
	return map[client.DeliveryState]string{
		client.DeliveryPending:   "The reply is still on its way.",
		client.DeliveryReset:     "Instead of the reply the connection was reset.",
		client.DeliveryClosed:    "Instead of the reply the connection was closed.",
		client.DeliveryStalled:   "The reply is not sent, for as long as the client waits.",
		client.DeliveryAbandoned: "The client left before it had the reply.",
	}[e.Delivery.State]
}

// deliveryText is the delivery in full.
func deliveryText(e client.Entry) string {
	d := e.Delivery
	text := fmt.Sprintf("%s, %d bytes sent, after %s", d.State, d.Bytes, micros(d.DurationMicros))
	if d.DelayMillis > 0 {
		text += fmt.Sprintf(", scripted delay %s", time.Duration(d.DelayMillis)*time.Millisecond)
	}
	if d.Network != "" {
		text += ", network: " + d.Network
	}
	return text
}

// openCalls are entries that were shown while their delivery was still to come, by their places.
type openCalls map[uint64]client.Entry

// note remembers those of some entries that are open.
func (o openCalls) note(entries []client.Entry) {
	for _, e := range entries {
		if s := e.Delivery.State; s == client.DeliveryPending || s == client.DeliveryStalled {
			o[e.Seq] = e
		}
	}
}

// complete returns an open call with its delivery; others were shown complete already.
func (o openCalls) complete(d *client.Delivered) (completed client.Entry, wasOpen bool) {
	completed, wasOpen = o[d.Seq]
	if !wasOpen || completed.ID != d.ID {
		return client.Entry{}, false
	}
	delete(o, d.Seq)
	completed.Delivery = d.Delivery
	o.note([]client.Entry{completed})
	return completed, true
}
