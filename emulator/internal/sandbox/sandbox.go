package sandbox

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Sandbox is one isolated world. What it was defined from never changes; everything else is in its space.
type Sandbox struct {
	Definition
	*token.Ledger

	// name is that of the space.
	name    string
	space   store.Space
	realNow func() time.Time
	leaving Leaving
	quotas  map[string]contract.Rate
	// keys are those of the credentials, read once; byGateway has the same by the names of the gateways.
	keys      []ListedKey
	byGateway map[string][]ListedKey
	idle      idle
	state     stateCache
}

func (r *Registry) newSandbox(def Definition, name string) (*Sandbox, error) {
	ledger, err := token.NewLedger(def.ID, def.Seed)
	if err != nil {
		return nil, err
	}
	box := &Sandbox{
		Definition: def, Ledger: ledger, name: name, space: r.store.Space(name), realNow: r.realNow,
		leaving: r.leaving, quotas: map[string]contract.Rate{},
	}
	if box.byGateway, err = r.schemes.read(def.Credentials); err != nil {
		return nil, err
	}
	for _, scheme := range r.schemes {
		box.keys = append(box.keys, box.byGateway[scheme.Name()]...)
	}
	if box.idle.ttl, err = parseTTL(def.TTL); err != nil {
		return nil, err
	}
	for name, text := range def.Quotas {
		if box.quotas[name], err = parseQuota(text); err != nil {
			return nil, &InvalidError{"quotas." + name, err.Error()}
		}
	}
	return box, nil
}

// Name is that of its space, which no other sandbox has or had, also not one of the same id before or after it.
func (b *Sandbox) Name() string { return b.name }

// Space is where the sandbox keeps its state. Nothing is read there and nothing written once the sandbox was removed:
// its error is then ErrGone.
func (b *Sandbox) Space() store.Space {
	return store.Space{Executor: guarded{b.space, stateKey}}
}

// exists fails with ErrGone where the sandbox was removed.
func (b *Sandbox) exists(ctx context.Context) error {
	get := stateStep()
	if err := b.space.Do(ctx, &get); err != nil {
		return fmt.Errorf("look for the sandbox %s: %w", b.ID, err)
	}
	_, err := b.readState(&get)
	return err
}

// Reset puts state, clock and journal back to the start; credentials stay.
func (b *Sandbox) Reset(ctx context.Context) error {
	for {
		get := stateStep()
		if err := b.space.Do(ctx, &get); err != nil {
			return err
		}
		before, err := b.readState(&get)
		if err != nil {
			return err
		}
		steps, err := b.start(b.realNow(), before.Generation).firstSteps()
		if err != nil {
			return err
		}
		lasting := store.Get{Key: before.lasting, Needed: true}
		reading, keep := b.outlives()
		run := slices.Concat([]store.Step{&lasting}, reading, []store.Step{&store.Clear{}}, steps)
		if err := b.space.Do(ctx, run...); err != nil {
			return err
		}
		if lasting.Found {
			return keep(ctx)
		}
		// Somebody else has reset it meanwhile: two resets begin two generations.
	}
}

// clear removes all that is kept of the sandbox.
func (b *Sandbox) clear(ctx context.Context) error {
	reading, keep := b.outlives()
	if err := b.space.Do(ctx, append(reading, &store.Clear{})...); err != nil {
		return err
	}
	return keep(ctx)
}

// outlives reads what is to be kept when the rest goes.
func (b *Sandbox) outlives() (steps []store.Step, keep func(ctx context.Context) error) {
	if b.leaving == nil {
		return nil, func(context.Context) error { return nil }
	}
	return b.leaving(b)
}

// Moment is the place in the sandbox's life at which a token is judged that no call brought, and its clock.
func (b *Sandbox) Moment(ctx context.Context) (token.Moment, Clock, error) {
	get, calls := stateStep(), store.Increment{Key: callsKey} // by nothing: it is read
	if err := b.space.Do(ctx, &get, &calls); err != nil {
		return token.Moment{}, Clock{}, fmt.Errorf("read the clock: %w", err)
	}
	kept, err := b.readState(&get)
	if err != nil {
		return token.Moment{}, Clock{}, err
	}
	clock := kept.clock(b.realNow())
	return token.Moment{Now: clock.Now, Generation: kept.Generation, Calls: uint64(calls.Sum)}, clock, nil
}

// Tokens lists the issued tokens, newest first, as far as the list reaches back.
func (b *Sandbox) Tokens(ctx context.Context) ([]token.Token, error) {
	get, listing := stateStep(), token.NewListing()
	if err := b.space.Do(ctx, &get, listing.Step()); err != nil {
		return nil, err
	}
	clock, err := b.clockOf(&get)
	if err != nil {
		return nil, err
	}
	return listing.Tokens(ctx, b.space, clock.Now)
}

// Token returns one listed token, or token.ErrUnknown.
func (b *Sandbox) Token(ctx context.Context, id string) (token.Token, error) {
	found, _, err := b.token(ctx, id)
	return found, err
}

func (b *Sandbox) token(ctx context.Context, id string) (token.Token, time.Time, error) {
	get, lookup := stateStep(), token.LookUp(id)
	if err := b.space.Do(ctx, append([]store.Step{&get}, lookup.Steps()...)...); err != nil {
		return token.Token{}, time.Time{}, err
	}
	clock, err := b.clockOf(&get)
	if err != nil {
		return token.Token{}, time.Time{}, err
	}
	found, err := lookup.Token(clock.Now)
	return found, clock.Now, err
}

// ChangeToken does to a listed token what a person asked for: to is Expired, Revoked or Redeemed.
func (b *Sandbox) ChangeToken(ctx context.Context, id string, to token.State) (token.Token, error) {
	found, now, err := b.token(ctx, id)
	if err != nil {
		return found, err
	}
	return token.EndListed(ctx, b.space, found, now, to)
}

// Key is a credential by which requests are signed.
type Key struct {
	ID     string
	Secret string
	// SecurityToken must come with every signed call when it is not empty.
	SecurityToken string
	Disabled      bool
	// Temporary keys were issued by the sandbox; Expires is theirs.
	Temporary bool
	Expires   time.Time
}

// Keys are the keys of a gateway that the definition lists; the caller changes none of them.
func (b *Sandbox) Keys(gateway string) []ListedKey { return b.byGateway[gateway] }

// Key returns the key of that credential: one of the definition, or a temporary one that the sandbox issued.
func (b *Sandbox) Key(c wire.Credential) (Key, bool) {
	if c.ID == "" {
		return Key{}, false
	}
	for i := range b.keys {
		if key := &b.keys[i]; key.Names.Kind == c.Kind && same(key.Names.ID, c.ID) {
			return key.Key, true
		}
	}
	if c.Kind != wire.AccessKey {
		return Key{}, false // temporary keys are access keys
	}
	secret, expires, ok := b.TemporaryKey(c.ID)
	if !ok {
		return Key{}, false
	}
	return Key{ID: c.ID, Secret: secret, Temporary: true, Expires: expires}, true
}

// same compares secrets in a time that does not tell how much of them is alike.
func same(secret, got string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(got)) == 1
}

// HasSecurityToken reports whether any credential of the definition has this security token.
func (b *Sandbox) HasSecurityToken(token string) bool {
	return token != "" && slices.ContainsFunc(b.keys, func(key ListedKey) bool { return same(key.SecurityToken, token) })
}
