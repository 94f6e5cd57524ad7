package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
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
	// ExpiresAt lies beyond what dates can say where the clock was at its end.
	ExpiresAt time.Time `json:"expiresAt"`
	// SingleUse tokens can be redeemed, once.
	SingleUse bool    `json:"singleUse"`
	History   []Event `json:"history"`
}

// Event is one thing that happened to a token.
type Event struct {
	Time time.Time `json:"time" cbor:"1,keyasint"`
	// State is what the token became, or empty for a use that left it as it was.
	State State  `json:"state,omitempty" cbor:"2,keyasint"`
	Note  string `json:"note" cbor:"3,keyasint"`
}

// ErrUnknown says that the list has no such token, or not any more.
var ErrUnknown = errors.New("no such token")

// TransitionError says that a token cannot become what was asked for.
type TransitionError struct {
	ID       string
	From, To State
	Reason   string
	// Ended is what ended the token before its time; zero where nothing did.
	Ended Event
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("token %s is %s and cannot become %s: %s", e.ID, e.From, e.To, e.Reason)
}

// change is what ended a token: only one that was ended before its time has one.
type change struct {
	State   State   `cbor:"1,keyasint"`
	History []Event `cbor:"2,keyasint"`
}

func readChange(raw []byte) (c change, err error) {
	if raw == nil {
		return c, nil
	}
	if err := record.Read(raw, &c); err != nil {
		return c, fmt.Errorf("read what was done to a token: %w", err)
	}
	return c, nil
}

// stateAt is the state of a token that ends then.
func (c change) stateAt(now, ends time.Time) State {
	switch {
	case c.State != "":
		return c.State
	case !now.Before(ends):
		return Expired
	}
	return Active
}

// Moment is the place in a sandbox's life at which a token is judged.
type Moment struct {
	Now time.Time
	// Generation is the life of the sandbox, and Calls is how many calls there were in it.
	Generation, Calls uint64
}

// Judgement judges a token by its claims: what was done to it, else its time. Its steps can travel with others.
type Judgement struct {
	claims  Claims
	at      Moment
	changed store.Get
}

// Judge begins to judge the token with these claims.
func Judge(claims Claims, at Moment) *Judgement {
	return &Judgement{claims, at, store.Get{Key: changeKey(claims.ID())}}
}

// fromAnotherLife says that the token was issued before a reset, or by an earlier sandbox of the same id and seed.
func (j *Judgement) fromAnotherLife() bool {
	return j.claims.Generation != j.at.Generation || j.claims.Number > j.at.Calls
}

// Steps are what reads the space of the sandbox for it.
func (j *Judgement) Steps() []store.Step {
	if j.fromAnotherLife() {
		return nil
	}
	return []store.Step{&j.changed}
}

// State is the judgement, once the steps were carried out.
func (j *Judgement) State() (State, error) {
	if j.fromAnotherLife() {
		return Revoked, nil
	}
	c, err := readChange(j.changed.Value)
	if err != nil {
		return "", err
	}
	return c.stateAt(j.at.Now, j.claims.Ends()), nil
}

// Active is a *TransitionError where the token is not active.
func (j *Judgement) Active() error {
	state, err := j.State()
	if err != nil || state == Active {
		return err
	}
	c, err := readChange(j.changed.Value)
	if err != nil {
		return err
	}
	return c.refuse(j.claims.ID(), state, Active)
}

// EndStep ends the token of that id, which expires then, unless it was ended before: of many steps one does. It says
// nothing about a token that has expired.
func EndStep(id string, expiresAt, now time.Time, to State, note string) (*store.Add, error) {
	raw, err := record.Write(change{State: to, History: []Event{{now, to, note}}})
	if err != nil {
		return nil, fmt.Errorf("write what was done to a token: %w", err)
	}
	return &store.Add{Key: changeKey(id), Value: raw, Expires: forgetAfter(expiresAt)}, nil
}

// Ending moves a token out of Active, as steps that can travel with others: of many concurrent callers one succeeds.
type Ending struct {
	id             string
	expiresAt, now time.Time
	to             State
	add            *store.Add
	kept           store.Get
}

// NewEnding begins to end the token of that id, which expires then.
func NewEnding(id string, expiresAt, now time.Time, to State, note string) (*Ending, error) {
	add, err := EndStep(id, expiresAt, now, to, note)
	if err != nil {
		return nil, err
	}
	return &Ending{id, expiresAt, now, to, add, store.Get{Key: add.Key}}, nil
}

// Steps are what ends it.
func (e *Ending) Steps() []store.Step {
	if !e.now.Before(e.expiresAt) {
		return []store.Step{&e.kept}
	}
	return []store.Step{e.add, &e.kept}
}

// Err is a *TransitionError where the token was not active any more when the steps were carried out.
func (e *Ending) Err() error {
	_, err := e.result()
	return err
}

func (e *Ending) result() (change, error) {
	c, err := readChange(e.kept.Value)
	if err != nil || e.add.Added {
		return c, err
	}
	return c, c.refuse(e.id, c.stateAt(e.now, e.expiresAt), e.to)
}

// refuse is the error about a token that is not active any more.
func (c change) refuse(id string, from, to State) error {
	refused := &TransitionError{ID: id, From: from, To: to, Reason: "only an active token can"}
	if len(c.History) > 0 {
		refused.Ended = c.History[len(c.History)-1]
	}
	return refused
}

// End moves a token out of Active, in one trip to via. A token that is not active any more gives a *TransitionError.
func End(
	ctx context.Context, via store.Space, id string, expiresAt, now time.Time, to State, note string,
) error {
	_, err := end(ctx, via, id, expiresAt, now, to, note)
	return err
}

func end(
	ctx context.Context, via store.Space, id string, expiresAt, now time.Time, to State, note string,
) (change, error) {
	ending, err := NewEnding(id, expiresAt, now, to, note)
	if err != nil {
		return change{}, err
	}
	if err := via.Do(ctx, ending.Steps()...); err != nil {
		return change{}, err
	}
	return ending.result()
}

// forgetAfter keeps what was done to a token for a day past its end, for the people who look at the list.
func forgetAfter(expiresAt time.Time) time.Time { return expiresAt.Add(24 * time.Hour) }

// Listing reads the list of issued tokens, as a step that can travel with others and what becomes of it.
type Listing struct{ step store.Range }

// NewListing returns a listing of all that the list holds.
func NewListing() *Listing {
	return &Listing{store.Range{Log: issuedLog, Limit: issuedBound.Records}}
}

// Step is what reads the list.
func (l *Listing) Step() store.Step { return &l.step }

// Records are what Step read, oldest first, as CheckIssued takes them.
func (l *Listing) Records() [][]byte {
	all := make([][]byte, len(l.step.Page.Records))
	for i, rec := range l.step.Page.Records {
		all[i] = rec.Data
	}
	return all
}

// Tokens are the tokens that Step read, newest first, with what became of them by now. It costs one trip to via, and
// none for an empty list.
func (l *Listing) Tokens(ctx context.Context, via store.Space, now time.Time) ([]Token, error) {
	tokens := make([]Token, len(l.step.Page.Records))
	changes := make([]store.Get, len(tokens))
	steps := make([]store.Step, len(tokens))
	for i, rec := range l.step.Page.Records {
		read, err := readIssued(rec)
		if err != nil {
			return nil, err
		}
		tokens[i] = read
		changes[i].Key = changeKey(read.ID)
		steps[i] = &changes[i]
	}
	if len(steps) > 0 {
		if err := via.Do(ctx, steps...); err != nil {
			return nil, err
		}
	}
	for i := range tokens {
		c, err := readChange(changes[i].Value)
		if err != nil {
			return nil, err
		}
		tokens[i].add(c, now)
	}
	slices.Reverse(tokens)
	return tokens, nil
}

// add tells of a listed token what became of it.
func (t *Token) add(c change, now time.Time) {
	t.State = c.stateAt(now, t.ExpiresAt)
	t.History = append(t.History, c.History...)
	if last := t.History[len(t.History)-1]; t.State == Expired && last.State != Expired {
		t.History = append(t.History, Event{t.ExpiresAt, Expired, "its time was over"})
	}
}

// Lookup looks one token of the list up, as steps that can travel with others.
type Lookup struct {
	id      string
	listed  store.Find
	changed store.Get
}

// LookUp begins to look up the token of that id.
func LookUp(id string) *Lookup {
	return &Lookup{id, store.Find{Log: issuedLog, ID: id}, store.Get{Key: changeKey(id)}}
}

// Steps are what reads it.
func (l *Lookup) Steps() []store.Step { return []store.Step{&l.listed, &l.changed} }

// Token is what Steps found, or ErrUnknown.
func (l *Lookup) Token(now time.Time) (Token, error) {
	if !l.listed.Found {
		return Token{}, fmt.Errorf("%w: %s", ErrUnknown, strings.ToValidUTF8(l.id, "?"))
	}
	found, err := readIssued(l.listed.Record)
	if err != nil {
		return Token{}, err
	}
	c, err := readChange(l.changed.Value)
	found.add(c, now)
	return found, err
}

// EndListed does to a listed token what a person asked for: to is Expired, Revoked or Redeemed.
func EndListed(
	ctx context.Context, via store.Space, listed Token, now time.Time, to State,
) (Token, error) {
	if to == Redeemed && !listed.SingleUse {
		return listed, &TransitionError{
			ID: listed.ID, From: listed.State, To: to, Reason: "it is not a single-use token",
		}
	}
	after, err := end(ctx, via, listed.ID, listed.ExpiresAt, now, to, "by the control plane")
	if err != nil {
		return listed, err
	}
	listed.History = listed.History[:1:1] // as it was issued; the change has the rest
	listed.add(after, now)
	return listed, nil
}
