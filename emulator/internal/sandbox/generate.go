package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// maxDraws bounds how often the credential of a gateway is drawn until a free one is found.
const maxDraws = 100

// Complete fills in what a definition leaves open: id, one credential for each gateway that lists none, secrets that
// WithoutSecrets took away. A list that is there and empty stays empty.
func (r *Registry) Complete(ctx context.Context, def *Definition, from *rand.Rand) error {
	if def.ID == "" {
		def.ID = "sb-" + random.Draw(from, 12, random.Base36)
	}
	all := make(Credentials, len(r.schemes))
	maps.Copy(all, def.Credentials)
	for _, scheme := range r.schemes {
		if all[scheme.Name()] != nil {
			continue
		}
		drawn, err := r.drawFree(ctx, scheme, from)
		if err != nil {
			return err
		}
		all[scheme.Name()] = []json.RawMessage{drawn}
	}
	def.Credentials = all
	def.newSecrets(func(n int, alphabet string) string { return random.Draw(from, n, alphabet) })
	return nil
}

// drawFree draws a credential once more when a sandbox has it: some gateways have keys of so few digits that two are
// often alike. One that is never free is refused when the sandbox is created.
func (r *Registry) drawFree(ctx context.Context, scheme Scheme, from *rand.Rand) (drawn json.RawMessage, err error) {
	draw := func(n int, alphabet string) string { return random.Draw(from, n, alphabet) }
	uuid := func() string { return random.UUID(from).String() }
	for range maxDraws {
		drawn = scheme.Draw(draw, uuid)
		keys, err := scheme.Parse(drawn)
		if err != nil {
			return nil, fmt.Errorf("read a credential of %s that was drawn: %w", scheme.Name(), err)
		}
		if taken, err := r.taken(ctx, keys); err != nil || !taken {
			return drawn, err
		}
	}
	return drawn, nil
}

// taken tells whether one of the keys belongs to a sandbox already.
func (r *Registry) taken(ctx context.Context, keys []ListedKey) (bool, error) {
	owners := make([]store.Get, len(keys))
	steps := make([]store.Step, len(keys))
	for i, key := range keys {
		owners[i].Key = ownerKey(key.Names)
		steps[i] = &owners[i]
	}
	if err := r.root.Do(ctx, steps...); err != nil {
		return false, fmt.Errorf("look up a credential that was drawn: %w", err)
	}
	return slices.ContainsFunc(owners, func(owner store.Get) bool { return owner.Found }), nil
}

// NewSeed draws a seed that survives every JSON reader: at most 53 bits.
func NewSeed(from *rand.Rand) uint64 { return from.Uint64N(1 << 53) }
