package journal_test

import (
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
)

// brokenSpace is the space of a store that does not answer.
func brokenSpace(err error) store.Space {
	spy := &storetest.Spy{Store: memory.New(), Before: func(store.Step) error { return err }}
	return spy.Space("broken")
}
