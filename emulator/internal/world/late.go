package world

import (
	"context"
	"errors"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// Bounds of what is kept in memory of calls that could not be recorded.
const (
	maxLate      = 1000
	maxLateBytes = 4 << 20
)

// lateEntries are calls that could not be recorded because the store did not answer. The latest are lost where they are
// too many.
type lateEntries struct {
	mu    sync.Mutex
	calls []lateCall
	bytes int
	lost  int
}

type lateCall struct {
	box   string
	entry journal.Entry
	op    *contract.Operation
}

func (c lateCall) size() int {
	return len(c.entry.Request.Body) + len(c.entry.Response.Body)
}

// RecordLater keeps a call for when the store answers again.
func (w *World) RecordLater(box *sandbox.Sandbox, entry *journal.Entry, op *contract.Operation) {
	w.keepLate(lateCall{box.ID, *entry, op})
}

func (w *World) keepLate(call lateCall) {
	l := &w.late
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) >= maxLate || l.bytes+call.size() > maxLateBytes {
		l.lost++
		return
	}
	l.calls, l.bytes = append(l.calls, call), l.bytes+call.size()
}

// recordLate records what was kept. Where the store fails again, the rest waits for the next time.
func (w *World) recordLate(ctx context.Context) {
	l := &w.late
	l.mu.Lock()
	calls, lost := l.calls, l.lost
	l.calls, l.bytes, l.lost = nil, 0, 0
	l.mu.Unlock()
	if lost > 0 {
		w.options.Log.Warn("calls were answered that the journal does not have: too many came while the store was away",
			"calls", lost)
	}
	for i, call := range calls {
		err := w.recordOne(ctx, call)
		if err == nil || errors.Is(err, sandbox.ErrGone) || errors.Is(err, sandbox.ErrUnknown) {
			continue // what happened in a sandbox that is gone is gone with it
		}
		for _, left := range calls[i:] {
			w.keepLate(left)
		}
		return
	}
}

func (w *World) recordOne(ctx context.Context, call lateCall) error {
	return w.Visit(ctx, call.box, func(box *sandbox.Sandbox) error {
		_, err := w.Journal(box).Get(ctx, call.entry.ID)
		if !errors.Is(err, journal.ErrUnknown) {
			return err // it was recorded, and only the store's answer was lost
		}
		turn, err := box.Begin(ctx)
		if err != nil {
			return err
		}
		return w.Record(ctx, turn, &call.entry, call.op)
	})
}
