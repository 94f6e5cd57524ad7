package storetest

import (
	"context"
	"sync/atomic"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Spy is a store that lets a test see each step before it is carried out, and make it fail.
type Spy struct {
	store.Store
	// Before is called for each step before it is carried out; its error ends the run. Nil lets every step pass.
	Before func(step store.Step) error
	// BeforeUpdate does the same for updates.
	BeforeUpdate func(key string) error

	trips atomic.Int64
}

// updateTrips is how many round trips an update costs in a store that other processes share: one reads, one writes.
const updateTrips = 2

// Trips returns the number of round trips since the last call of Trips.
func (s *Spy) Trips() int64 { return s.trips.Swap(0) }

// Space returns a space whose steps the spy sees.
func (s *Spy) Space(name string) store.Space {
	return store.Space{Executor: &spySpace{s.Store.Space(name), s}}
}

type spySpace struct {
	store.Executor
	spy *Spy
}

func (s *spySpace) Do(ctx context.Context, steps ...store.Step) error {
	s.spy.trips.Add(1)
	if before := s.spy.Before; before != nil {
		for _, step := range steps {
			if err := before(step); err != nil {
				return err
			}
		}
	}
	return s.Executor.Do(ctx, steps...)
}

func (s *spySpace) Update(
	ctx context.Context, key string, change store.Change, needed ...string,
) error {
	s.spy.trips.Add(updateTrips)
	if before := s.spy.BeforeUpdate; before != nil {
		if err := before(key); err != nil {
			return err
		}
	}
	return s.Executor.Update(ctx, key, change, needed...)
}
