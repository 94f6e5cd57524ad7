package tokenapp_test

import (
	"os"
	"testing"
)

// TestMain keeps testcontainers from pulling an image of its own: the tests remove what they start, and run where no
// registry can be reached.
func TestMain(m *testing.M) {
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" {
		if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
