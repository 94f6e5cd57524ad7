package client

import "github.com/tokenstage/tokenstage/openapi/controlapi"

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
