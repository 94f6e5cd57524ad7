// Package testkit runs Tokenstage in a container for tests, in the idiom of the modules of testcontainers-go. It needs
// no registry: unless an image is named, it builds one from the source of this very module. Package inprocess does the
// same without a container engine, and package client is what both return.
package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// The ports inside the container: other containers of its network reach it there.
const (
	// DataPort is where the emulated APIs answer over HTTP.
	DataPort = "4010/tcp"
	// ControlPort is where the control API and the console answer.
	ControlPort = "4011/tcp"
	// TLSPort is where the emulated APIs answer over HTTPS; it is open with WithTLS.
	TLSPort = "4443/tcp"
)

const (
	controlTokenEnv = "TOKENSTAGE_CONTROL_TOKEN"
	seedEnv         = "TOKENSTAGE_SEED"
	tlsEnv          = "TOKENSTAGE_TLS_ADDR"
	tlsAddr         = "0.0.0.0:4443"

	// startLimit is how long a started container may take to be ready.
	startLimit = 30 * time.Second
	// pollEvery is how often it is asked: it is ready within milliseconds.
	pollEvery = 10 * time.Millisecond
)

// Container is a running Tokenstage.
type Container struct {
	testcontainers.Container
	// Emulator is what tests use. It is nil in a container that comes with an error.
	*client.Emulator
}

// Run starts a container and returns when it is ready. The options are those of testcontainers-go and of this package.
// A container is returned beside an error too when one was made, so that testcontainers.TerminateContainer can end it.
func Run(ctx context.Context, options ...testcontainers.ContainerCustomizer) (*Container, error) {
	var env map[string]string
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(DataPort, ControlPort),
		testcontainers.WithWaitStrategyAndDeadline(startLimit,
			wait.ForHTTP("/healthz").WithPort(ControlPort).WithPollInterval(pollEvery)),
		WithControlToken(rand.Text()), //nolint:forbidigo // a secret between this process and the container
	}
	all = append(all, options...)
	all = append(all, testcontainers.CustomizeRequestOption(func(r *testcontainers.GenericContainerRequest) error {
		env = r.Env
		return chooseImage(ctx, r)
	}))
	started, err := testcontainers.Run(ctx, "", all...)
	var c *Container
	if started != nil {
		c = &Container{Container: started}
	}
	if err == nil {
		err = c.connect(ctx, env)
	}
	if err != nil {
		return c, fmt.Errorf("run tokenstage: %w", err)
	}
	return c, nil
}

// connect finds the ports that the engine chose.
func (c *Container) connect(ctx context.Context, env map[string]string) error {
	control, err := c.PortEndpoint(ctx, ControlPort, "http")
	if err != nil {
		return err
	}
	data, err := c.PortEndpoint(ctx, DataPort, "")
	if err != nil {
		return err
	}
	c.Emulator = client.NewEmulator(client.New(control, client.WithToken(env[controlTokenEnv])), data)
	if env[tlsEnv] != tlsAddr {
		return nil
	}
	secure, err := c.PortEndpoint(ctx, TLSPort, "")
	if err != nil {
		return err
	}
	c.Emulator = c.WithTLS(secure)
	return nil
}

// Start runs a container until the test and its cleanups end. It fails the test when it cannot.
func Start(tb testing.TB, options ...testcontainers.ContainerCustomizer) *Container {
	tb.Helper()
	c, err := Run(tb.Context(), options...)
	testcontainers.CleanupContainer(tb, c)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// WithImage runs that image instead of one that is built from source.
func WithImage(image string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithImage(image)
}

// WithSeed fixes the chance of the default sandbox. Other sandboxes have seeds of their own.
func WithSeed(seed uint64) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{seedEnv: strconv.FormatUint(seed, 10)})
}

// WithControlToken makes the control plane ask for that token instead of a generated one: for a container that others
// steer too. It has 16 characters or more.
func WithControlToken(token string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{controlTokenEnv: token})
}

// WithTLS serves HTTPS too, with a CA that lives as long as the container: see Emulator.HTTPClient. Other containers of
// its network reach it at TLSPort.
func WithTLS() testcontainers.CustomizeRequestOption {
	return func(r *testcontainers.GenericContainerRequest) error {
		return errors.Join(
			testcontainers.WithEnv(map[string]string{tlsEnv: tlsAddr})(r),
			testcontainers.WithExposedPorts(TLSPort)(r))
	}
}
