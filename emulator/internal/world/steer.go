package world

import (
	"context"
	"errors"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// ChangeClock sets, advances, freezes or starts the clock of a sandbox and returns its new state.
func (w *World) ChangeClock(
	ctx context.Context, box *sandbox.Sandbox, change sandbox.ClockChange,
) (sandbox.Clock, error) {
	defer w.notify(box.ID)
	return box.ChangeClock(ctx, change)
}

// Tokens returns the tokens that a sandbox issued, as people see them: known secrets are masked in what clients sent,
// and what ends after the clock does is shown to end with it.
func (w *World) Tokens(ctx context.Context, box *sandbox.Sandbox) ([]token.Token, error) {
	tokens, err := box.Tokens(ctx)
	for i := range tokens {
		w.show(&tokens[i])
	}
	return tokens, err
}

// ChangeToken ends a token as something outside the emulator would: it expires, revokes or redeems it.
func (w *World) ChangeToken(
	ctx context.Context, box *sandbox.Sandbox, id string, to token.State,
) (token.Token, error) {
	defer w.notify(box.ID)
	changed, err := box.ChangeToken(ctx, id, to)
	w.show(&changed)
	return changed, err
}

func (w *World) show(shown *token.Token) {
	shown.ExpiresAt = duration.Dated(shown.ExpiresAt)
	secrets := w.registry.Secrets()
	shown.Subject = secrets.Mask(shown.Subject)
	for i := range shown.History {
		shown.History[i].Note = secrets.Mask(shown.History[i].Note)
	}
}

// Play plays a scenario in a sandbox. It replaces one that plays there under the same name.
func (w *World) Play(ctx context.Context, box *sandbox.Sandbox, what play.Playing) error {
	defer w.notify(box.ID)
	return w.Player(box).Play(ctx, what)
}

// StopPlaying stops a scenario in a sandbox. Its error is play.ErrNotPlaying when none plays there under that name. One
// that somebody played from a document is kept, to be played again.
func (w *World) StopPlaying(ctx context.Context, box *sandbox.Sandbox, name string) error {
	defer w.notify(box.ID)
	source, err := w.Player(box).Source(ctx, name)
	if err != nil && !errors.Is(err, play.ErrNotPlaying) {
		return err
	}
	if err := w.Player(box).Stop(ctx, name); err != nil || source == "" {
		return err
	}
	return keepStopped(ctx, box, sandbox.Script{Name: name, Source: source})
}

// Journal returns the journal of a sandbox.
func (w *World) Journal(box *sandbox.Sandbox) *journal.Journal {
	return journal.New(box.Space(), w.viewer, w.options.Journal)
}

// Record writes a call to the journal of its sandbox and counts it for coverage, in one trip to the store with what the
// turn wrote. Then the entry has its place, and the watches are notified.
func (w *World) Record(ctx context.Context, turn *sandbox.Turn, entry *journal.Entry, op *contract.Operation) error {
	step, err := w.Journal(turn.Sandbox).Step(entry)
	if err != nil {
		return err
	}
	var counted store.Step
	if op != nil {
		counted = w.tally(turn.Sandbox).Step(op, entry.Outcome)
	}
	if counted != nil {
		err = turn.Commit(ctx, step, counted)
	} else {
		err = turn.Commit(ctx, step)
	}
	w.notify(turn.ID)
	if err == nil {
		entry.Seq = step.Seq
	}
	if err != nil || op == nil || counted != nil {
		return err
	}
	return w.tally(turn.Sandbox).CountOther(ctx, op, entry.Outcome)
}

// RecordOwn writes to the journal of a sandbox what was no call of a client.
func (w *World) RecordOwn(ctx context.Context, box *sandbox.Sandbox, entry *journal.Entry) error {
	defer w.notify(box.ID)
	return w.Journal(box).Append(ctx, entry)
}

// RecordDelivery writes to the journal how the reply to a recorded call was delivered. Nothing is written when the
// sandbox was reset or removed meanwhile, and its journal with it.
func (w *World) RecordDelivery(ctx context.Context, turn *sandbox.Turn, d journal.Delivered) error {
	err := w.Journal(turn.Sandbox).Deliver(ctx, d, turn.Do)
	if errors.Is(err, sandbox.ErrGone) {
		return nil
	}
	w.notify(turn.ID)
	return err
}

func (w *World) tally(box *sandbox.Sandbox) journal.Tally {
	return journal.NewTally(box.Space(), w.registry.Secrets())
}

// Coverage returns how the calls of a sandbox ended, by operation and documented error.
func (w *World) Coverage(ctx context.Context, box *sandbox.Sandbox) (journal.Coverage, error) {
	return w.tally(box).Read(ctx, w.options.Catalogue)
}

// ClearJournal drops every entry of a sandbox's journal.
func (w *World) ClearJournal(ctx context.Context, box *sandbox.Sandbox) error {
	defer w.notify(box.ID)
	return w.Journal(box).Clear(ctx)
}
