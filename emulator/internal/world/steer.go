package world

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// ChangeClock sets, advances, freezes or starts the clock of a sandbox; it says where it stands then.
func (w *World) ChangeClock(
	ctx context.Context, box *sandbox.Sandbox, change sandbox.ClockChange,
) (sandbox.Clock, error) {
	defer w.watches.note(box.ID)
	return box.ChangeClock(ctx, change)
}

// Tokens are those that a sandbox issued, as people see them: known secrets are masked in what clients said.
func (w *World) Tokens(ctx context.Context, box *sandbox.Sandbox) ([]sandbox.Token, error) {
	tokens, err := box.Tokens(ctx)
	for i := range tokens {
		w.mask(&tokens[i])
	}
	return tokens, err
}

// ChangeToken does to a token what the world outside would: expire, revoke or redeem it.
func (w *World) ChangeToken(
	ctx context.Context, box *sandbox.Sandbox, id string, to sandbox.State,
) (sandbox.Token, error) {
	defer w.watches.note(box.ID)
	token, err := box.ChangeToken(ctx, id, to)
	w.mask(&token)
	return token, err
}

func (w *World) mask(token *sandbox.Token) {
	secrets := w.registry.Secrets()
	token.Subject = secrets.Mask(token.Subject)
	for i := range token.History {
		token.History[i].Note = secrets.Mask(token.History[i].Note)
	}
}

// Play lets a scenario play in a sandbox, in place of one that plays there under the same name.
func (w *World) Play(ctx context.Context, box *sandbox.Sandbox, what scenario.Playing) error {
	defer w.watches.note(box.ID)
	return w.Player(box).Play(ctx, what)
}

// StopPlaying ends a scenario in a sandbox; scenario.ErrNotPlaying says that none plays there under that name.
func (w *World) StopPlaying(ctx context.Context, box *sandbox.Sandbox, name string) error {
	defer w.watches.note(box.ID)
	return w.Player(box).Stop(ctx, name)
}

// Journal is the journal of a sandbox.
func (w *World) Journal(box *sandbox.Sandbox) *journal.Journal {
	return journal.New(box.Space(), w.registry.Secrets(), w.options.Journal)
}

// Record keeps a call in the journal of its sandbox and counts it, and tells who watches. A journal that cannot be
// written does not fail the call: the log says so.
func (w *World) Record(ctx context.Context, box *sandbox.Sandbox, entry journal.Entry, op *contract.Operation) {
	if err := w.Journal(box).Append(ctx, entry); err != nil {
		w.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
	}
	w.watches.note(box.ID)
	if op == nil {
		return
	}
	if err := w.tally(box).Count(ctx, op, entry.Outcome); err != nil {
		w.options.Log.Error("a call was not counted", "operation", op.Name, "error", err)
	}
}

func (w *World) tally(box *sandbox.Sandbox) journal.Tally {
	return journal.NewTally(box.Space(), w.registry.Secrets())
}

// Coverage is how the calls of a sandbox ended, by operation and documented error.
func (w *World) Coverage(ctx context.Context, box *sandbox.Sandbox) (journal.Coverage, error) {
	return w.tally(box).Read(ctx, w.options.Catalogue)
}

// ClearJournal drops every entry of a sandbox's journal.
func (w *World) ClearJournal(ctx context.Context, box *sandbox.Sandbox) error {
	defer w.watches.note(box.ID)
	return w.Journal(box).Clear(ctx)
}
