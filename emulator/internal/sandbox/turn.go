package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Turn is one call's place in a sandbox: its number, its instant and its chance, and what it reads and writes there.
// The same seed and number always draw the same values. It is for one goroutine.
type Turn struct {
	*Sandbox
	// Number counts the calls of the sandbox from 1.
	Number uint64
	// Now is the sandbox's clock when the call came, Real is real time.
	Now, Real time.Time
	// ClockMoved says that people moved or froze the clock since the sandbox began.
	ClockMoved bool
	// SignedBy is the time by which the signature's was good, as its gateway found; empty where none was judged.
	SignedBy SignatureTime

	lowest     int64 // as in the state
	generation uint64
	// lasting is the key that is there for as long as the generation of the sandbox lasts; empty for a turn that could
	// not begin.
	lasting    string
	chance     random.Source
	drawn      bool                   // chance has begun
	conditions []condition            // which travel with the next reading or writing
	writes     []store.Step           // which Commit carries
	judged     map[string]token.State // by the token's id
	// guard, calls and room are memory for what every turn has, in one piece with it.
	guard store.Get
	calls store.Increment
	room  struct {
		steps      [usualSteps]store.Step
		conditions [2]condition
		writes     [2]store.Step
	}
}

// usualSteps is how many steps usually travel together.
const usualSteps = 6

// condition is a step by which a turn can be refused: a *store.Claim or a *store.Increment with a limit.
type condition struct {
	step    store.Step
	refused func() error
}

// holds judges the step once it was carried out.
func (c condition) holds() bool {
	switch step := c.step.(type) {
	case *store.Claim:
		return step.Fresh
	case *store.Increment:
		return step.Sum <= step.Limit
	}
	return true
}

// reclaimEvery is the number of calls between two sweeps of what expired, so that their cost spreads.
const reclaimEvery = 1 << 14

// Begin starts the next turn, or fails with ErrGone. Further steps can travel with it.
func (b *Sandbox) Begin(ctx context.Context, further ...store.Step) (*Turn, error) {
	t := &Turn{Sandbox: b}
	t.conditions, t.writes = t.room.conditions[:0], t.room.writes[:0]
	calls := &t.calls
	t.guard, *calls = stateStep(), store.Increment{Key: callsKey, Delta: 1}
	if err := b.space.Do(ctx, append(append(t.room.steps[:0], &t.guard, calls), further...)...); err != nil {
		return nil, fmt.Errorf("begin a call: %w", err)
	}
	kept, err := b.readState(&t.guard)
	if err != nil {
		return nil, err
	}
	t.Real = b.realNow().UTC()
	t.Now, t.ClockMoved, t.lowest = kept.clock(t.Real).Now, kept.Moved, kept.Lowest
	t.Number, t.generation, t.lasting = uint64(calls.Sum), kept.Generation, kept.lasting
	if calls.Sum%reclaimEvery == 0 {
		if err := b.space.Do(ctx, &store.Reclaim{Now: t.Now, Claims: t.forgetNonces()}); err != nil {
			return nil, fmt.Errorf("reclaim expired state: %w", err)
		}
	}
	return t, nil
}

// do carries out steps, unless the sandbox was reset or removed since the turn began: then it does nothing and fails
// with ErrGone. The steps that follow the guard stand in the turn's room already, from the second place on.
func (t *Turn) do(ctx context.Context, all []store.Step) error {
	t.guard = store.Get{Key: cmp.Or(t.lasting, stateKey), Needed: true}
	all[0] = &t.guard
	if err := t.space.Do(ctx, all...); err != nil {
		return err
	}
	if !t.guard.Found {
		return ErrGone
	}
	return nil
}

// Space is the space of the sandbox as the turn uses it: the turn's conditions travel with the next access, whose error
// is then that of a condition that does not hold.
func (t *Turn) Space() store.Space { return store.Space{Executor: t} }

// Do implements store.Executor.
func (t *Turn) Do(ctx context.Context, steps ...store.Step) error {
	if len(t.conditions) == 0 && len(steps) == 0 {
		return nil
	}
	all := t.room.steps[:1]
	for _, c := range t.conditions {
		all = append(all, c.step)
	}
	if err := t.do(ctx, append(all, steps...)); err != nil {
		return err
	}
	conditions := t.conditions
	t.conditions = nil // they were carried, whether they hold or not
	for _, c := range conditions {
		if !c.holds() {
			return c.refused()
		}
	}
	return nil
}

// Update implements store.Executor.
func (t *Turn) Update(ctx context.Context, key string, change store.Change, needed ...string) error {
	if err := t.Settle(ctx); err != nil {
		return err
	}
	return guarded{t.space, cmp.Or(t.lasting, stateKey)}.Update(ctx, key, change, needed...)
}

// Settle carries the conditions that no other access has carried yet.
func (t *Turn) Settle(ctx context.Context) error { return t.Do(ctx) }

// Write keeps a step for Commit.
func (t *Turn) Write(step store.Step) { t.writes = append(t.writes, step) }

// Commit carries what the turn wrote, and further steps.
func (t *Turn) Commit(ctx context.Context, further ...store.Step) error {
	steps := append(append(t.room.steps[:1], t.writes...), further...)
	t.writes = nil
	return t.do(ctx, steps)
}

// Discard forgets what the turn wrote: a call that is refused leaves nothing behind.
func (t *Turn) Discard() { t.writes = nil }

// HasWrites reports whether something waits for Commit.
func (t *Turn) HasWrites() bool { return len(t.writes) > 0 }

// Grant lists a token of this turn. One that no date can tell the end of is refused.
func (t *Turn) Grant(g token.Grant) error {
	g.Number, g.IssuedAt = t.Number, t.Now
	step, err := g.Step()
	if err != nil {
		return err
	}
	t.Write(step)
	return nil
}

// SealClaims seals claims of a token that this turn issues, as at least size bytes.
func (t *Turn) SealClaims(c token.Claims, size int) []byte {
	c.Number, c.Generation, c.IssuedAt = t.Number, t.generation, t.Now.UnixMilli()
	return t.Seal(c, size)
}

// Generation is the life of the sandbox in which the turn began; a reset begins another.
func (t *Turn) Generation() uint64 { return t.generation }

// Judge begins to judge a token of this sandbox by its claims, as steps that can travel with others.
func (t *Turn) Judge(c token.Claims) *token.Judgement {
	return token.Judge(c, token.Moment{Now: t.Now, Generation: t.generation, Calls: t.Number})
}

// TokenState is the state of a token at the turn. A token is judged once a turn; others that will be asked for later
// can be judged with it, which saves their accesses to the store.
func (t *Turn) TokenState(ctx context.Context, c token.Claims, others ...token.Claims) (token.State, error) {
	if state, known := t.judged[c.ID()]; known {
		return state, nil
	}
	all := append([]token.Claims{c}, others...)
	judgements := make([]*token.Judgement, len(all))
	var steps []store.Step
	for i, claims := range all {
		judgements[i] = t.Judge(claims)
		steps = append(steps, judgements[i].Steps()...)
	}
	if err := t.Do(ctx, steps...); err != nil {
		return "", err
	}
	if t.judged == nil {
		t.judged = make(map[string]token.State, len(all))
	}
	for i, judgement := range judgements {
		state, err := judgement.State()
		if err != nil {
			return "", err
		}
		t.judged[all[i].ID()] = state
	}
	return t.judged[c.ID()], nil
}

// EndToken moves a token out of Active, in one trip: of many concurrent callers one succeeds. A token that is not
// active any more gives a *token.TransitionError.
func (t *Turn) EndToken(ctx context.Context, id string, expires time.Time, to token.State, note string) error {
	return token.End(ctx, t.Space(), id, expires, t.Now, to, note)
}

// Ending begins to end a token, as EndToken does, as steps that can travel with others.
func (t *Turn) Ending(c token.Claims, to token.State, note string) (*token.Ending, error) {
	return token.NewEnding(c.ID(), c.Ends(), t.Now, to, note)
}

// Supersede ends an earlier token with the turn's Commit, if it is active then.
func (t *Turn) Supersede(id string, expires time.Time, note string) error {
	if !t.Now.Before(expires) {
		return nil
	}
	step, err := token.EndStep(id, expires, t.Now, token.Superseded, note)
	if err != nil {
		return err
	}
	t.Write(step)
	return nil
}

// IssueTemporary issues security credentials to the caller. The policy, as JSON, says what may be done with them; an
// empty one allows what the caller may do.
func (t *Turn) IssueTemporary(
	issuer string, caller wire.Credential, expires time.Time, policy string,
) token.Temporary {
	issue := t.issue(issuer, caller)
	issue.Policy = policy
	return t.Temporary(issue, expires)
}

// IssueAccess issues an access token to an app.
func (t *Turn) IssueAccess(issuer, appKey string, expires time.Time) (string, error) {
	return t.Access(t.issue(issuer, wire.Credential{}), appKey, expires)
}

func (t *Turn) issue(issuer string, caller wire.Credential) token.Issue {
	return token.Issue{Issuer: issuer, Number: t.Number, Generation: t.generation, Now: t.Now, Caller: caller}
}

// OpenAccess returns the claims of an access token that one of the issuers gave to that app.
func (t *Turn) OpenAccess(text, appKey string, issuers []string) (token.Claims, bool) {
	return t.Ledger.OpenAccess(text, appKey, issuers, t.generation)
}

// Chance is the turn's source of random numbers.
func (t *Turn) Chance() *rand.Rand {
	if !t.drawn {
		t.drawn = true
		t.chance.Seed(t.Seed, t.Number)
	}
	return &t.chance.Rand
}

// Draw returns n characters of the alphabet.
func (t *Turn) Draw(n int, alphabet string) string { return random.Draw(t.Chance(), n, alphabet) }

// UUID draws a random UUID (version 4) in lower case.
func (t *Turn) UUID() string { return random.UUID(t.Chance()).String() }

// UpperUUID is UUID in upper case.
func (t *Turn) UpperUUID() string { return strings.ToUpper(t.UUID()) }
