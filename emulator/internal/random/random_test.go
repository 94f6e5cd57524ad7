package random_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
)

// TestUUIDOfASeed holds the bytes of a seed still: request ids and tokens that tests have written down depend on them.
func TestUUIDOfASeed(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2))
	for _, want := range []string{"10f5ee56-86a5-45c4-acec-7d07adc3ce9d", "88802f31-0546-40c8-9ac1-3ab6dcc0edcb"} {
		if got := random.UUID(source).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
