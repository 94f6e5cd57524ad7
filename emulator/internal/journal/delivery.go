package journal

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Delivery is how the reply to a call reached its client. The numbers in the cbor tags are the format of what is kept.
type Delivery struct {
	State State `json:"state" cbor:"1,keyasint"`
	// DelayMillis is how long a scenario had the reply wait.
	DelayMillis int64 `json:"delayMillis" cbor:"2,keyasint"`
	// Network is the scenario's word for what it did to the connection, such as "reset"; empty when it did nothing.
	Network string `json:"network" cbor:"3,keyasint"`
	// Bytes is how much of the reply's body was sent.
	Bytes int `json:"bytes" cbor:"4,keyasint"`
	// DurationMicros is how long the call took in real time, from its arrival to the end of the delivery; while that is
	// still to come, to where the entry was made.
	DurationMicros int64 `json:"durationMicros" cbor:"5,keyasint"`
}

// State is what became of a reply.
type State string

// The states of a delivery. Pending and Stalled are those of a call that is still open; Stalled stays for as long as
// the client waits.
const (
	Pending   State = "pending"   // it waits, or is being sent slowly
	Whole     State = "whole"     // it was sent at once
	Delayed   State = "delayed"   // it was sent whole, after the scenario's delay
	Reset     State = "reset"     // the connection was reset instead
	Closed    State = "closed"    // the connection was closed instead, by a scenario or because the emulator stopped
	Truncated State = "truncated" // a part of the body was sent, then the connection closed
	Stalled   State = "stalled"   // nothing is sent, and the connection stays open
	Dripped   State = "dripped"   // it was sent whole, a few bytes at a time
	Abandoned State = "abandoned" // the client left before it had the reply
)

// EndStates are the states of a call that is over. A stall whose client is gone is Abandoned.
func EndStates() []State {
	return []State{Whole, Delayed, Reset, Closed, Truncated, Dripped, Abandoned}
}

// Answered tells whether the client got something of a reply.
func (d Delivery) Answered() bool { return d.Bytes > 0 || d.complete() || d.State == Truncated }

// Open tells whether the call is still going on.
func (d Delivery) Open() bool { return d.State == Pending || d.State == Stalled }

// Failed tells whether the call is over and the client did not get the whole reply.
func (d Delivery) Failed() bool { return !d.complete() && d.State != Pending }

func (d Delivery) complete() bool {
	return d.State == Whole || d.State == Delayed || d.State == Dripped
}

// deliveriesName is the log of the deliveries that became known after their entry had been made: an entry itself never
// changes, so places and cursors stay what they are.
const deliveriesName = "deliveries"

// Delivered is the delivery of the entry of that place in the journal.
type Delivered struct {
	Seq      uint64   `cbor:"1,keyasint"`
	Delivery Delivery `cbor:"2,keyasint"`
}

// deliveryRoom is what the record of a delivery may take, in bytes.
const deliveryRoom = 128

// deliveriesBound keeps the delivery of every entry that is kept. Behind the delivery of an entry come at most those of
// the entries that were kept beside it then, and of those that came while it is kept.
func (j *Journal) deliveriesBound() store.Bound {
	return store.Bound{Records: 2 * j.bound.Records, Bytes: 2 * j.bound.Records * deliveryRoom}
}

// Deliver keeps how a reply was delivered, with an entry that said something else before. An entry that gave way
// already needs no delivery. The steps are carried by do, which is that of the call's turn.
func (j *Journal) Deliver(
	ctx context.Context, d Delivered, do func(context.Context, ...store.Step) error,
) error {
	kept := store.Range{Log: logName} // of no record: only where the log begins
	if err := do(ctx, &kept); err != nil || d.Seq < kept.Page.First {
		return err
	}
	raw, err := record.Write(d)
	if err != nil {
		return fmt.Errorf("encode the delivery of request %d: %w", d.Seq, err)
	}
	return do(ctx, &store.Append{Log: deliveriesName, Record: raw, Bound: j.deliveriesBound()})
}

// deliveriesAfter is what reads the deliveries that were kept after one.
func (j *Journal) deliveriesAfter(after uint64) store.Range {
	return store.Range{Log: deliveriesName, After: after, Limit: j.deliveriesBound().Records}
}

// readDeliveries decodes deliveries, the latest last.
func readDeliveries(page store.Page) ([]Delivered, error) {
	var all []Delivered
	for _, kept := range page.Records {
		var d Delivered
		if err := decode(kept, &d); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// read returns records with what is known of their delivery, in one trip.
func (j *Journal) read(ctx context.Context, entries ...*store.Range) ([]Record, error) {
	deliveries := j.deliveriesAfter(0)
	return j.readWith(ctx, &deliveries, entries...)
}

func (j *Journal) readWith(ctx context.Context, deliveries *store.Range, entries ...*store.Range) ([]Record, error) {
	steps := make([]store.Step, 0, len(entries)+1)
	for _, some := range entries {
		steps = append(steps, some)
	}
	if err := j.space.Do(ctx, append(steps, deliveries)...); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	known, err := readDeliveries(deliveries.Page)
	if err != nil {
		return nil, err
	}
	of := latest(known)
	var records []Record
	for _, some := range entries {
		for _, kept := range some.Page.Records {
			records = append(records, Record{j, kept, of[kept.Seq]})
		}
	}
	return records, nil
}

// latest is the last delivery of each entry, by its place.
func latest(all []Delivered) map[uint64]*Delivery {
	if len(all) == 0 {
		return nil
	}
	of := make(map[uint64]*Delivery, len(all))
	for i := range all {
		of[all[i].Seq] = &all[i].Delivery
	}
	return of
}

// At returns the records of those places that are still kept, in one trip.
func (j *Journal) At(ctx context.Context, places ...Delivered) ([]Record, error) {
	if len(places) == 0 {
		return nil, nil
	}
	ranges := make([]*store.Range, len(places))
	for i, d := range places {
		ranges[i] = &store.Range{Log: logName, After: d.Seq - 1, Limit: 1}
	}
	records, err := j.read(ctx, ranges...)
	if err != nil {
		return nil, err
	}
	asked := latest(places)
	kept := records[:0]
	for _, r := range records {
		if asked[r.kept.Seq] != nil {
			kept = append(kept, r)
			delete(asked, r.kept.Seq)
		}
	}
	return kept, nil
}
