package journal_test

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// brokenSpace is the space of a store that does not answer.
type brokenSpace struct {
	store.Space
	err error
}

func (s brokenSpace) Append(context.Context, string, []byte, store.Bound) (uint64, error) {
	return 0, s.err
}

func (s brokenSpace) Range(context.Context, string, uint64, int) (store.Page, error) {
	return store.Page{}, s.err
}

func (s brokenSpace) Truncate(context.Context, string) error { return s.err }
