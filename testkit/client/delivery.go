package client

import (
	"slices"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Delivery is how the reply to a call reached the client, as far as that is known.
type Delivery = controlapi.Delivery

// DeliveryState is what became of a reply.
type DeliveryState = controlapi.DeliveryState

// The states of a Delivery. A call that is pending or stalled is still open.
const (
	DeliveryPending   = controlapi.DeliveryStatePending   // it waits for a scripted delay, or is being sent slowly
	DeliveryWhole     = controlapi.DeliveryStateWhole     // it was sent at once
	DeliveryDelayed   = controlapi.DeliveryStateDelayed   // it was sent whole, after a scripted delay
	DeliveryReset     = controlapi.DeliveryStateReset     // the connection was reset instead
	DeliveryClosed    = controlapi.DeliveryStateClosed    // the connection was closed instead
	DeliveryTruncated = controlapi.DeliveryStateTruncated // a part of the body was sent
	DeliveryStalled   = controlapi.DeliveryStateStalled   // nothing is sent for as long as the client waits
	DeliveryDripped   = controlapi.DeliveryStateDripped   // it was sent whole, a few bytes at a time
	DeliveryAbandoned = controlapi.DeliveryStateAbandoned // the client left before it had the reply
)

// Delivered is what became known of the delivery of an earlier entry.
type Delivered = controlapi.Delivered

// deliveryStates are all states of a Delivery.
func deliveryStates() []DeliveryState {
	return []DeliveryState{
		DeliveryPending, DeliveryWhole, DeliveryDelayed, DeliveryReset, DeliveryClosed, DeliveryTruncated, DeliveryStalled,
		DeliveryDripped, DeliveryAbandoned,
	}
}

// Delivery narrows down to calls whose reply was delivered so.
func (x Expectation) Delivery(state DeliveryState) Expectation {
	x.t.Helper()
	if !slices.Contains(deliveryStates(), state) {
		x.t.Fatalf("no reply is ever %q: a delivery is one of %q", state, deliveryStates())
	}
	return x.narrow(condition{
		name: "delivery", expected: string(state),
		actual: func(e Entry) []string { return []string{string(e.Delivery.State)} },
	})
}

// deliveryNote says in a report what became of a reply that was not sent at once and whole.
func deliveryNote(e Entry) string {
	if e.Delivery.State == DeliveryWhole {
		return ""
	}
	return ", " + string(e.Delivery.State)
}
