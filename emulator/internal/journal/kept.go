package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Keep is the newest entries that take no more than most bytes, oldest first and as people may see them, for
// CheckEntry to take them up elsewhere.
func (j *Journal) Keep(ctx context.Context, most int) ([][]byte, error) {
	records, err := j.read(ctx, &store.Range{Log: logName, Limit: j.bound.Records})
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, r := range slices.Backward(records) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		raw, err := record.Write(r.Entry())
		if err != nil {
			return nil, fmt.Errorf("encode an entry of the journal: %w", err)
		}
		if most -= len(raw) + store.EntryCost; most < 0 {
			break
		}
		all = append(all, raw)
	}
	slices.Reverse(all)
	return all, nil
}

// CheckEntry is the step that records an entry again that Keep returned.
func (j *Journal) CheckEntry(raw []byte) (store.Step, error) {
	var e Entry
	if err := record.Read(raw, &e); err != nil {
		return nil, err
	}
	came, arrived := e.Time.Year(), e.Arrived.Year()
	if e.ID == "" || came < 1970 || came > 9999 || arrived < 1970 || arrived > 9999 {
		return nil, errors.New("it has no id, or a time outside the years 1970 to 9999")
	}
	return j.Step(&e)
}
