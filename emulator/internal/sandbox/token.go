package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// State is the state of a token.
type State string

// The states of a token. Active is the only one that others are reached from.
const (
	Active     State = "active"
	Expired    State = "expired"
	Revoked    State = "revoked"
	Redeemed   State = "redeemed"
	Superseded State = "superseded"
)

// Token is an issued token as people see it: never its text.
type Token struct {
	ID        string    `json:"id"`
	API       string    `json:"api"`
	Operation string    `json:"operation"`
	State     State     `json:"state"`
	Subject   string    `json:"subject"`
	IssuedAt  time.Time `json:"issuedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	// SingleUse tokens can be redeemed, once.
	SingleUse bool    `json:"singleUse"`
	History   []Event `json:"history"`
}

// Event is one thing that happened to a token.
type Event struct {
	Time time.Time `json:"time"`
	// State is what the token became, or empty for a use that left it as it was.
	State State  `json:"state,omitempty"`
	Note  string `json:"note"`
}

// Errors of token transitions.
var (
	ErrUnknownToken = errors.New("no such token")
)

// TransitionError says that a token cannot become what was asked for.
type TransitionError struct {
	ID       string
	From, To State
	Reason   string
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("token %s is %s and cannot become %s: %s", e.ID, e.From, e.To, e.Reason)
}

// TokenID is the id of the token that a turn issued for an API.
func TokenID(api string, number uint64) string { return api + "-" + strconv.FormatUint(number, 10) }

// TokenState judges the token with these claims at now: what was done to it, else its time.
func (b *Sandbox) TokenState(ctx context.Context, api string, claims Claims, now time.Time) (State, error) {
	change, err := b.tokenChange(ctx, TokenID(api, claims.Number))
	if err != nil {
		return "", err
	}
	if change.State != "" {
		return change.State, nil
	}
	if claims.Expired(now) {
		return Expired, nil
	}
	gone, err := b.gone(ctx, api, claims)
	if err == nil && gone {
		return Revoked, nil
	}
	return Active, err
}

// gone reports whether a token is of the time before a reset. Its number was not reached yet then, or belongs to
// another call now: what was issued since is listed, as far as the list reaches back.
func (b *Sandbox) gone(ctx context.Context, api string, claims Claims) (bool, error) {
	calls, err := b.calls(ctx)
	if err != nil || claims.Number > calls {
		return true, err
	}
	before, err := b.space.Increment(ctx, callsBeforeKey, 0, time.Time{})
	if err != nil || claims.Number > uint64(before) {
		return false, err
	}
	listed, forgot, err := b.issuedTokens(ctx)
	if err != nil || forgot {
		return false, err
	}
	for _, token := range listed {
		if token.ID == TokenID(api, claims.Number) && token.ExpiresAt.UnixMilli() == claims.ExpiresAt {
			return false, nil
		}
	}
	return true, nil
}

func (b *Sandbox) calls(ctx context.Context) (uint64, error) {
	n, err := b.space.Increment(ctx, callsKey, 0, time.Time{})
	return uint64(n), err
}

// tokenChange is what was done to a token since it was issued; only changed tokens have one.
type tokenChange struct {
	State   State   `json:"state"`
	History []Event `json:"history"`
}

func changeKey(id string) string { return "token/" + id }

func (b *Sandbox) tokenChange(ctx context.Context, id string) (tokenChange, error) {
	var change tokenChange
	raw, ok, err := b.space.Get(ctx, changeKey(id))
	if err != nil || !ok {
		return change, err
	}
	return change, json.Unmarshal(raw, &change)
}

// maxHistory bounds what is remembered of one token.
const maxHistory = 50

// EndToken moves a token out of Active, as one step: of many concurrent callers one succeeds. A token that is not
// active any more gives a *TransitionError.
func (b *Sandbox) EndToken(ctx context.Context, id string, expiresAt, now time.Time, to State, note string) error {
	return b.space.Update(ctx, changeKey(id), func(old []byte) ([]byte, time.Time, error) {
		var change tokenChange
		if old != nil {
			if err := json.Unmarshal(old, &change); err != nil {
				return nil, time.Time{}, err
			}
		}
		from := Active
		switch {
		case change.State != "":
			from = change.State
		case !now.Before(expiresAt):
			from = Expired
		}
		if from != Active {
			return nil, time.Time{}, &TransitionError{id, from, to, "only an active token can"}
		}
		change.State = to
		change.History = append(change.History, Event{now, to, note})
		raw, err := json.Marshal(change)
		return raw, b.forgetAfter(expiresAt), err
	})
}

// NoteUse adds a line to the history of a token without changing its state.
func (b *Sandbox) NoteUse(ctx context.Context, id string, expiresAt, now time.Time, note string) error {
	return b.space.Update(ctx, changeKey(id), func(old []byte) ([]byte, time.Time, error) {
		var change tokenChange
		if old != nil {
			if err := json.Unmarshal(old, &change); err != nil {
				return nil, time.Time{}, err
			}
		}
		change.History = append(change.History, Event{Time: now, Note: note})
		if extra := len(change.History) - maxHistory; extra > 0 {
			change.History = slices.Delete(change.History, 0, extra)
		}
		raw, err := json.Marshal(change)
		return raw, b.forgetAfter(expiresAt), err
	})
}

// forgetAfter keeps what was done to a token for a day past its end, for the people who look at the list.
func (b *Sandbox) forgetAfter(expiresAt time.Time) time.Time { return expiresAt.Add(24 * time.Hour) }

// Tokens lists the issued tokens, newest first, as far as the list reaches back.
func (b *Sandbox) Tokens(ctx context.Context) ([]Token, error) {
	clock, err := b.Clock(ctx)
	if err != nil {
		return nil, err
	}
	tokens, _, err := b.issuedTokens(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(tokens)
	for i := range tokens {
		if err := b.addChange(ctx, &tokens[i], clock.Now); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// addChange tells of a listed token what became of it.
func (b *Sandbox) addChange(ctx context.Context, token *Token, now time.Time) error {
	change, err := b.tokenChange(ctx, token.ID)
	if err != nil {
		return err
	}
	token.State = Active
	switch {
	case change.State != "":
		token.State = change.State
	case !now.Before(token.ExpiresAt):
		token.State = Expired
	}
	token.History = append(token.History, change.History...)
	return nil
}

// Token returns one listed token, or ErrUnknownToken.
func (b *Sandbox) Token(ctx context.Context, id string) (Token, error) {
	tokens, err := b.Tokens(ctx)
	if err != nil {
		return Token{}, err
	}
	i := slices.IndexFunc(tokens, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return Token{}, fmt.Errorf("%w: %s", ErrUnknownToken, strings.ToValidUTF8(id, "?"))
	}
	return tokens[i], nil
}

// ChangeToken does to a listed token what a person asked for: to is Expired, Revoked or Redeemed.
func (b *Sandbox) ChangeToken(ctx context.Context, id string, to State) (Token, error) {
	token, err := b.Token(ctx, id)
	if err != nil {
		return token, err
	}
	if to == Redeemed && !token.SingleUse {
		return token, &TransitionError{id, token.State, to, "it is not a single-use token"}
	}
	clock, err := b.Clock(ctx)
	if err != nil {
		return token, err
	}
	if err := b.EndToken(ctx, id, token.ExpiresAt, clock.Now, to, "by the control plane"); err != nil {
		return token, err
	}
	return b.Token(ctx, id)
}
