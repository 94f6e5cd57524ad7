// Package random is where random values come from: streams that a seed and a number fix, and the texts drawn from them.
package random

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
)

// Alphabets for Draw.
const (
	Digits   = "0123456789"
	LowerHex = "0123456789abcdef"
	Base36   = "0123456789abcdefghijklmnopqrstuvwxyz"
	Base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Source is the stream of one seed and number. The zero Source is ready for Seed.
type Source struct {
	rand.Rand

	pcg rand.PCG
}

// Seed begins the stream of a seed and a number: the same two always give the same values, and neighbours share none.
func (s *Source) Seed(seed, number uint64) {
	s.pcg.Seed(Mix(seed), Mix(seed^Mix(number)))
	s.Rand = *rand.New(&s.pcg)
}

// Mix is the finalizer of SplitMix64: neighbouring seeds and numbers must not give similar streams.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Draw returns n characters of the alphabet.
func Draw(from *rand.Rand, n int, alphabet string) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[from.IntN(len(alphabet))]
	}
	return string(text)
}

// UUID draws a random UUID (version 4).
func UUID(from *rand.Rand) uuid.UUID {
	return uuid.Must(uuid.NewRandomFromReader(reader{from})) // this reader never fails
}

// reader reads a stream as bytes.
type reader struct{ from *rand.Rand }

// Read fills p, whose length is a multiple of eight.
func (r reader) Read(p []byte) (int, error) {
	for rest := p; len(rest) >= 8; rest = rest[8:] {
		binary.LittleEndian.PutUint64(rest, r.from.Uint64())
	}
	return len(p), nil
}
