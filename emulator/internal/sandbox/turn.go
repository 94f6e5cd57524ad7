package sandbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
)

// Turn is one call's place in a sandbox: its number, its instant and its chance. The same seed and number always
// draw the same values.
type Turn struct {
	*Sandbox
	// Number counts the calls of the sandbox from 1.
	Number uint64
	// Now is the sandbox's clock when the call came.
	Now time.Time

	chance *rand.Rand // nil until it is drawn from, then own
	own    rand.Rand
	source rand.PCG // of own
}

// callsKey counts the calls of a sandbox.
const callsKey = "calls"

// callsBeforeKey is the greatest number that a call had before the sandbox was reset.
const callsBeforeKey = "calls before"

// Begin starts the next turn.
func (b *Sandbox) Begin(ctx context.Context) (*Turn, error) {
	clock, err := b.Clock(ctx)
	if err != nil {
		return nil, err
	}
	n, err := b.space.Increment(ctx, callsKey, 1, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("count the call: %w", err)
	}
	if n%reclaimEvery == 0 {
		if err := b.space.Reclaim(ctx, clock.Now); err != nil {
			return nil, fmt.Errorf("reclaim expired state: %w", err)
		}
	}
	return &Turn{Sandbox: b, Number: uint64(n), Now: clock.Now}, nil
}

// reclaimEvery is the number of calls between two sweeps of what expired, so that their cost spreads.
const reclaimEvery = 1 << 14

// Chance is the turn's source of random numbers.
func (t *Turn) Chance() *rand.Rand {
	if t.chance == nil {
		t.source.Seed(mix(t.Seed), mix(t.Seed^mix(t.Number)))
		t.own = *rand.New(&t.source)
		t.chance = &t.own
	}
	return t.chance
}

// mix is the finalizer of SplitMix64: neighbouring seeds and numbers must not give similar streams.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Draw returns n characters of the alphabet.
func (t *Turn) Draw(n int, alphabet string) string {
	chance, text := t.Chance(), make([]byte, n)
	for i := range text {
		text[i] = alphabet[chance.IntN(len(alphabet))]
	}
	return string(text)
}

// Alphabets for Draw.
const (
	LowerHex = "0123456789abcdef"
	Base36   = "0123456789abcdefghijklmnopqrstuvwxyz"
	Base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// UUID draws a random UUID (version 4) in lower case.
func (t *Turn) UUID() string { return random.UUID(t.Chance()).String() }

// UpperUUID is UUID in upper case.
func (t *Turn) UpperUUID() string { return strings.ToUpper(t.UUID()) }
