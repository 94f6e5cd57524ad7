package journal

import (
	"context"
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
	records, err := j.read(ctx, &store.Range{Log: logName, Limit: j.bound.Records})
	if err != nil {
		return nil, false, err
	}
	limit := f.limit()
	for i := len(records) - 1; i >= 0; i-- {
		if before != 0 && records[i].kept.Seq >= before {
			continue
		}
		s := records[i].Summary()
		if !f.matches(&s) {
			continue
		}
		if len(calls) == limit {
			return calls, true, nil
		}
		calls = append(calls, s)
	}
	return calls, false, nil
}
