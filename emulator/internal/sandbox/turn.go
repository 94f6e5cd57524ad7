package sandbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
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
func (t *Turn) UUID() string { return t.uuid(LowerHex) }

// UpperUUID is UUID in upper case.
func (t *Turn) UpperUUID() string { return t.uuid("0123456789ABCDEF") }

func (t *Turn) uuid(digits string) string {
	var b [16]byte
	chance := t.Chance()
	for i := 0; i < 16; i += 8 {
		v := chance.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}
