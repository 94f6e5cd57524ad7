// Package random draws values that need more than a number from a source that is seeded.
package random

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
)

// UUID draws a random UUID (version 4) from two numbers of the source.
func UUID(source *rand.Rand) uuid.UUID {
	return uuid.Must(uuid.NewRandomFromReader(reader{source}))
}

// reader reads the numbers of a source as bytes, 8 from each, the lowest first.
type reader struct{ source *rand.Rand }

// Read fills p and never fails.
func (r reader) Read(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		var number [8]byte
		binary.LittleEndian.PutUint64(number[:], r.source.Uint64())
		rest = rest[copy(rest, number[:]):]
	}
	return len(p), nil
}
