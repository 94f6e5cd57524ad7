package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Spy is a store of which a test sees, and can disturb, what is carried to it.
type Spy struct {
	store.Store
	// Before is called for each step before it is carried out; its error ends the run. Nil lets everything pass.
	Before func(step store.Step) error
	// BeforeUpdate does the same for updates.
	BeforeUpdate func(key string) error

	trips atomic.Int64
}

// updateTrips is what an update costs in a store that other processes share: a reading and a writing.
const updateTrips = 2

// Trips is how many round trips were made since the last call of Trips.
func (s *Spy) Trips() int64 { return s.trips.Swap(0) }

// Space returns a space whose steps pass by the spy.
func (s *Spy) Space(name string) store.Space {
	return store.Space{Carrier: &spied{s.Store.Space(name), s}}
}

type spied struct {
	store.Carrier
	spy *Spy
}

func (s *spied) Do(ctx context.Context, steps ...store.Step) error {
	s.spy.trips.Add(1)
	if before := s.spy.Before; before != nil {
		for _, step := range steps {
			if err := before(step); err != nil {
				return err
			}
		}
	}
	return s.Carrier.Do(ctx, steps...)
}

func (s *spied) Update(
	ctx context.Context, key string, change func(old []byte) ([]byte, time.Time, error),
) error {
	s.spy.trips.Add(updateTrips)
	if before := s.spy.BeforeUpdate; before != nil {
		if err := before(key); err != nil {
			return err
		}
	}
	return s.Carrier.Update(ctx, key, change)
}
