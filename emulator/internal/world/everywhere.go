package world

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// coverageSpace holds what was counted in sandboxes that are gone, and in others before they were reset. Its name
// cannot be that of a sandbox's space.
const coverageSpace = "/coverage"

// total is the tally of what is gone.
func (w *World) total() journal.Tally {
	return journal.NewTally(w.options.Store.Space(coverageSpace), w.registry.Secrets())
}

// leaving keeps the coverage of a sandbox that is reset or removed.
func (w *World) leaving(box *sandbox.Sandbox) (steps []store.Step, keep func(ctx context.Context) error) {
	reading := w.tally(box).Reading(w.options.Catalogue)
	return reading.Steps(), func(ctx context.Context) error {
		counted, err := reading.Coverage()
		if err != nil {
			return err
		}
		return w.total().Add(ctx, w.options.Catalogue, counted)
	}
}

// CoverageOfAll returns how the calls of all sandboxes ended, also of those that were removed or reset since.
func (w *World) CoverageOfAll(ctx context.Context) (journal.Coverage, error) {
	boxes, err := w.AllSandboxes(ctx)
	if err != nil {
		return journal.Coverage{}, err
	}
	sum, err := w.total().Read(ctx, w.options.Catalogue)
	if err != nil {
		return journal.Coverage{}, err
	}
	for _, box := range boxes {
		counted, err := w.Coverage(ctx, box)
		if errors.Is(err, sandbox.ErrGone) {
			continue // removed meanwhile
		}
		if err != nil {
			return journal.Coverage{}, err
		}
		sum = sum.Plus(counted)
	}
	return sum, nil
}

// AllSandboxes returns all sandboxes, sorted by id, and removes those whose time is over.
func (w *World) AllSandboxes(ctx context.Context) ([]*sandbox.Sandbox, error) {
	if _, err := w.registry.Sweep(ctx); err != nil {
		return nil, err
	}
	return w.registry.List(ctx)
}

// Place is where a call stands in a list over several sandboxes: when it arrived, in microseconds of real time since
// 1970. Several calls can have the same place.
func Place(arrived time.Time) uint64 { return uint64(max(arrived.UnixMicro(), 0)) }

// Arrival is a call in a list over several sandboxes, which is in the order of arrival.
type Arrival struct {
	journal.Record

	arrived time.Time
	sandbox string
	seq     uint64
}

// Place is where the call stands.
func (a Arrival) Place() uint64 { return Place(a.arrived) }

// Arrivals are the records of one sandbox that the filter selects. Filter.After is a Place.
func Arrivals(records []journal.Record, filter journal.Filter) []Arrival {
	var all []Arrival
	for _, record := range records {
		if !filter.Selects(record) {
			continue
		}
		s := record.Summary()
		if a := (Arrival{record, s.Arrived, s.Sandbox, s.Seq}); filter.After == 0 || a.Place() > filter.After {
			all = append(all, a)
		}
	}
	return all
}

// SortArrivals puts calls into the order of their arrival.
func SortArrivals(all []Arrival) {
	slices.SortFunc(all, func(a, b Arrival) int {
		return cmp.Or(a.arrived.Compare(b.arrived), cmp.Compare(a.sandbox, b.sandbox), cmp.Compare(a.seq, b.seq))
	})
}

// RequestsOfAll returns the first calls of some sandboxes that the filter selects, in the order of their arrival in
// real time: the clocks of sandboxes have nothing in common. Filter.After and Page.Next are Places, so a page holds all
// calls of its last one, more than the limit where they are many.
func (w *World) RequestsOfAll(
	ctx context.Context, boxes []*sandbox.Sandbox, filter journal.Filter,
) (journal.Page, error) {
	var all []Arrival
	page := journal.Page{Requests: []journal.Entry{}}
	for _, box := range boxes {
		some, dropped, err := w.arrivals(ctx, box, filter)
		if errors.Is(err, sandbox.ErrGone) {
			continue // removed meanwhile
		}
		if err != nil {
			return journal.Page{}, err
		}
		all, page.Dropped = append(all, some...), page.Dropped+dropped
	}
	SortArrivals(all)
	end := min(cmp.Or(filter.Limit, journal.DefaultLimit), len(all))
	for end > 0 && end < len(all) && all[end].Place() == all[end-1].Place() {
		end++
	}
	for _, a := range all[:end] {
		if err := ctx.Err(); err != nil {
			return journal.Page{}, err // nobody waits for the page any more
		}
		page.Requests = append(page.Requests, a.Entry())
	}
	if end < len(all) {
		next := all[end-1].Place()
		page.Next = &next
	}
	return page, nil
}

// arrivals are the calls of one sandbox that the filter selects, and how many its journal dropped.
func (w *World) arrivals(
	ctx context.Context, box *sandbox.Sandbox, filter journal.Filter,
) (all []Arrival, dropped uint64, err error) {
	kept := w.Journal(box)
	reader := kept.Reader(0)
	for more := true; more; {
		changes, err := reader.Next(ctx)
		if err != nil {
			return nil, 0, err
		}
		all, more = append(all, Arrivals(changes.Records, filter)...), len(changes.Records) > 0
	}
	page, err := kept.List(ctx, journal.Filter{Limit: 1})
	return all, page.Dropped, err
}
