package emulator

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// What people and tests do to a sandbox beside calling it. Whoever watches learns of it.

// ChangeClock sets, advances, freezes or starts the clock of a sandbox; it says where it stands then.
func (e *Emulator) ChangeClock(
	ctx context.Context, box *sandbox.Sandbox, change sandbox.ClockChange,
) (sandbox.Clock, error) {
	defer e.watches.note(box.ID)
	return box.ChangeClock(ctx, change)
}

// Tokens are those that a sandbox issued, as people see them: known secrets are masked in what clients said.
func (e *Emulator) Tokens(ctx context.Context, box *sandbox.Sandbox) ([]sandbox.Token, error) {
	tokens, err := box.Tokens(ctx)
	for i := range tokens {
		e.mask(&tokens[i])
	}
	return tokens, err
}

// ChangeToken does to a token what the world outside would: expire, revoke or redeem it.
func (e *Emulator) ChangeToken(
	ctx context.Context, box *sandbox.Sandbox, id string, to sandbox.State,
) (sandbox.Token, error) {
	defer e.watches.note(box.ID)
	token, err := box.ChangeToken(ctx, id, to)
	e.mask(&token)
	return token, err
}

func (e *Emulator) mask(token *sandbox.Token) {
	secrets := e.registry.Secrets()
	token.Subject = secrets.Mask(token.Subject)
	for i := range token.History {
		token.History[i].Note = secrets.Mask(token.History[i].Note)
	}
}

// Play lets a scenario play in a sandbox, in place of one that plays there under the same name.
func (e *Emulator) Play(ctx context.Context, box *sandbox.Sandbox, what play.Playing) error {
	defer e.watches.note(box.ID)
	return e.Player(box).Play(ctx, what)
}

// StopPlaying ends a scenario in a sandbox; play.ErrNotPlaying says that none plays there under that name.
func (e *Emulator) StopPlaying(ctx context.Context, box *sandbox.Sandbox, name string) error {
	defer e.watches.note(box.ID)
	return e.Player(box).Stop(ctx, name)
}

// ClearJournal drops every entry of a sandbox's journal.
func (e *Emulator) ClearJournal(ctx context.Context, box *sandbox.Sandbox) error {
	defer e.watches.note(box.ID)
	return e.Journal(box).Clear(ctx)
}
