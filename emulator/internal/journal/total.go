package journal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Add counts what another tally counted, of the operations in the catalogue.
func (t Tally) Add(ctx context.Context, catalogue *contract.Catalogue, counted Coverage) error {
	var steps []store.Step
	for _, one := range counted.Operations {
		op := catalogue.Operation(one.ID)
		if op == nil {
			continue
		}
		if one.OK > 0 {
			steps = append(steps, &store.Increment{Key: tallyKey(op, wire.OutcomeOK), Delta: one.OK})
		}
		for _, e := range one.Errors {
			if e.Seen > 0 {
				steps = append(steps, &store.Increment{Key: tallyKey(op, e.Code), Delta: e.Seen})
			}
		}
		if err := t.addOthers(ctx, op, one.Undocumented); err != nil {
			return err
		}
	}
	if len(steps) == 0 {
		return nil
	}
	if err := t.space.Do(ctx, steps...); err != nil {
		return fmt.Errorf("add to the coverage: %w", err)
	}
	return nil
}

// addOthers counts outcomes of an operation that are not documented.
func (t Tally) addOthers(ctx context.Context, op *contract.Operation, counted []CodeCount) error {
	if len(counted) == 0 {
		return nil
	}
	err := t.space.Update(ctx, othersKey(op), func(old []byte) ([]byte, time.Time, error) {
		counts, err := readOthers(old)
		if err != nil {
			return nil, time.Time{}, err
		}
		countOthers(counts, counted)
		raw, err := record.Write(counts)
		return raw, time.Time{}, err
	})
	if err != nil {
		return fmt.Errorf("count calls of %s: %w", op.Name, err)
	}
	return nil
}

// Plus is what was counted by either of two tallies of the same catalogue.
func (c Coverage) Plus(other Coverage) Coverage {
	sum := Coverage{Operations: slices.Clone(c.Operations)}
	for i := range sum.Operations {
		one, more := &sum.Operations[i], &other.Operations[i]
		one.Calls += more.Calls
		one.OK += more.OK
		one.Errors = slices.Clone(one.Errors)
		for j := range one.Errors {
			one.Errors[j].Seen += more.Errors[j].Seen
		}
		one.Undocumented = plus(one.Undocumented, more.Undocumented)
	}
	sum.count()
	return sum
}

// countOthers adds to what is told apart, within its bound.
func countOthers(counts map[string]int64, counted []CodeCount) {
	for _, one := range counted {
		code := one.Code
		if _, known := counts[code]; !known && len(counts) >= maxOthers {
			code = remainder
		}
		counts[code] += one.Seen
	}
}

// plus adds undocumented outcomes, sorted by their codes.
func plus(some, others []CodeCount) []CodeCount {
	counts := map[string]int64{}
	countOthers(counts, some)
	countOthers(counts, others)
	sum := []CodeCount{}
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		sum = append(sum, CodeCount{code, counts[code]})
	}
	return sum
}
