package journal

import (
	"context"
	"fmt"
	"time"

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
}

// summary decodes a call as people may see it in a list.
func (j *Journal) summary(kept store.Record) (Summary, error) {
	s := Summary{Seq: kept.Seq}
	if err := decode(kept, &s); err != nil {
		return Summary{}, err
	}
	clean := masker(j.secrets.Mask).clean
	s.Outcome = clean(s.Outcome) // a script can say what it likes
	if s.Decision != nil {
		s.Decision.Scenario = clean(s.Decision.Scenario)
	}
	return s, nil
}

// Recent returns the newest calls that the filter selects, newest first, at most f.Limit of them. Filter.After does not
// count; before, when it is not zero, leaves out that sequence number and all later ones. older tells whether there are
// more.
func (j *Journal) Recent(ctx context.Context, f Filter, before uint64) (calls []Summary, older bool, err error) {
	kept, err := j.space.Range(ctx, logName, 0, j.bound.Records)
	if err != nil {
		return nil, false, fmt.Errorf("read the journal: %w", err)
	}
	limit := f.limit()
	for i := len(kept.Records) - 1; i >= 0; i-- {
		if before != 0 && kept.Records[i].Seq >= before {
			continue
		}
		s, err := j.summary(kept.Records[i])
		if err != nil {
			return nil, false, err
		}
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
