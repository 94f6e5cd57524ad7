package testkit

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

// EngineEnv makes RequireEngine fail a test where no container engine answers, when it is "required".
const EngineEnv = "TOKENSTAGE_ENGINE"

// RequireEngine skips a test where no container engine answers, or fails it where EngineEnv says that there has to be
// one, so that a CI job cannot pass by testing nothing.
func RequireEngine(tb testing.TB) {
	tb.Helper()
	err := engineHealth(tb.Context())
	switch {
	case err == nil:
	case os.Getenv(EngineEnv) == "required": //nolint:forbidigo // the environment says what kind of machine this is
		tb.Fatalf("no container engine answers, and %s is required: %v", EngineEnv, err)
	default:
		tb.Skip("no container engine answers: start one (Debian: apt-get install docker.io iptables; dockerd) " +
			"to run this test")
	}
}

func engineHealth(ctx context.Context) (err error) {
	// Where the library finds no address of an engine it panics.
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("find the engine: %v", cause)
		}
	}()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	return provider.Health(ctx)
}
