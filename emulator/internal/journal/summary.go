package journal

import (
	"context"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Summary is a call in a list: an entry without what was sent, which makes it cheap to read. Its fields are those of
// Entry.
type Summary struct {
	ID             string    `cbor:"1,keyasint"`
	Seq            uint64    `cbor:"-"`
	Time           time.Time `cbor:"2,keyasint"`
	Sandbox        string    `cbor:"3,keyasint"`
	Gateway        string    `cbor:"4,keyasint"`
	API            string    `cbor:"5,keyasint"`
	Operation      string    `cbor:"6,keyasint"`
	Outcome        string    `cbor:"8,keyasint"`
	Status         int       `cbor:"9,keyasint"`
	DurationMicros int64     `cbor:"10,keyasint"`
	Decision       *Decision `cbor:"13,keyasint"`
	Arrived        time.Time `cbor:"16,keyasint"`
	Delivery       Delivery  `cbor:"18,keyasint"`
}

// Summary is the entry as people may see it in a list.
func (r Record) Summary() Summary {
	s := Summary{Seq: r.kept.Seq}
	if err := record.Read(r.kept.Data, &s); err != nil {
		s = Summary{Seq: r.kept.Seq, Outcome: unreadable}
	}
	if r.delivery != nil {
		s.Delivery = *r.delivery
	}
	clean := masker(r.journal.viewer.secrets.Mask).clean
	s.Outcome = clean(s.Outcome) // a script can say what it likes
	if s.Decision != nil {
		s.Decision.Scenario = clean(s.Decision.Scenario)
	}
	return s
}

// Recent returns the newest calls that the filter selects, newest first, at most f.Limit of them. Filter.After does not
// count; before, when it is not zero, leaves out that sequence number and all later ones. older tells whether there are
// more.
func (j *Journal) Recent(ctx context.Context, f Filter, before uint64) (calls []Summary, older bool, err error) {
	look, err := j.Look(ctx)
	if err != nil {
		return nil, false, err
	}
	limit := f.limit()
	for _, r := range slices.Backward(look.Records) {
		if before != 0 && r.kept.Seq >= before {
			continue
		}
		s := r.Summary()
		if !f.SelectsCall(r, &s) {
			continue
		}
		if len(calls) == limit {
			return calls, true, nil
		}
		calls = append(calls, s)
	}
	return calls, false, nil
}

// Look is a journal as it was at one instant.
type Look struct {
	// Records are all that it keeps, oldest first.
	Records []Record
	// Dropped is how many entries came and gave way to later ones, since the journal began or was cleared.
	Dropped uint64
	// Mark is that of a reader who has read all of it.
	Mark string
}

// Look reads everything, in one trip.
func (j *Journal) Look(ctx context.Context) (Look, error) {
	entries, deliveries := store.Range{Log: logName, Limit: j.bound.Records}, j.deliveriesAfter(0)
	records, err := j.readWith(ctx, &deliveries, &entries)
	if err != nil {
		return Look{}, err
	}
	reader := Reader{after: entries.Page.Last, first: entries.Page.First, dropped: entries.Page.Dropped}
	if n := len(entries.Page.Records); n > 0 {
		reader.last = sum(entries.Page.Records[n-1].Data)
	}
	if n := len(deliveries.Page.Records); n > 0 {
		reader.delivered = deliveries.Page.Records[n-1].Seq
	}
	return Look{records, entries.Page.Dropped, reader.Mark()}, nil
}
