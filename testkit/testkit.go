// Package testkit runs Tokenstage in a container for tests, in the idiom of the modules of testcontainers-go. It needs
// no registry: unless an image is named, it builds one from the source of this very module. Package inprocess does the
// same without a container engine, and package client is what both return.
package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
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
	// MQTTPort is where the broker speaks MQTT.
	MQTTPort = "4012/tcp"
	// TLSPort is where the emulated APIs answer over HTTPS; it is open with WithTLS.
	TLSPort = "4443/tcp"
	// MQTTWebSocketPort and MQTTSPort are where the broker speaks MQTT over WebSocket and over TLS; they are open with
	// WithMQTTWebSocket and WithMQTTS.
	MQTTWebSocketPort = "4013/tcp"
	MQTTSPort         = "8883/tcp"
)

const (
	controlTokenEnv = "TOKENSTAGE_CONTROL_TOKEN"
	seedEnv         = "TOKENSTAGE_SEED"
	storeEnv        = "TOKENSTAGE_STORE"
	tlsEnv          = "TOKENSTAGE_TLS_ADDR"
	tlsAddr         = "0.0.0.0:4443"
	mqttWSEnv       = "TOKENSTAGE_MQTT_WS_ADDR"
	mqttWSAddr      = "0.0.0.0:4013"
	mqttsEnv        = "TOKENSTAGE_MQTTS_ADDR"
	mqttsAddr       = "0.0.0.0:8883"

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
		testcontainers.WithExposedPorts(DataPort, ControlPort, MQTTPort),
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
		return c, fmt.Errorf("run tokenstage: %w", explain(err, os.Getenv(hostOverrideEnv))) //nolint:forbidigo // see explain
	}
	return c, nil
}

// hostOverrideEnv tells testcontainers-go at which host the ports of containers are.
const hostOverrideEnv = "TESTCONTAINERS_HOST_OVERRIDE"

// explain adds to the error of a start that ended by its time limit what is mostly the cause: the container runs, and
// its ports are looked for at another host than the engine's.
func explain(err error, override string) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	hint := "if these tests run in a container themselves, set " + hostOverrideEnv +
		" to the host at which the engine publishes ports, such as localhost"
	if override != "" {
		hint = "its ports were looked for at " + override + ", as " + hostOverrideEnv + " says"
	}
	return fmt.Errorf("%w (it was not ready in time: %s)", err, hint)
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
	var secure string
	broker := client.BrokerAddrs{}
	for _, port := range []struct {
		port, env, addr string
		into            *string
	}{
		{TLSPort, tlsEnv, tlsAddr, &secure},
		{MQTTPort, "", "", &broker.MQTT},
		{MQTTWebSocketPort, mqttWSEnv, mqttWSAddr, &broker.WebSocket},
		{MQTTSPort, mqttsEnv, mqttsAddr, &broker.TLS},
	} {
		if env[port.env] != port.addr {
			continue // it is not open
		}
		if *port.into, err = c.PortEndpoint(ctx, port.port, ""); err != nil {
			return err
		}
	}
	c.Emulator = client.NewEmulator(client.New(control, client.WithToken(env[controlTokenEnv])), data).
		WithTLS(secure).WithBroker(broker)
	return nil
}

// Start runs a container until the test and its cleanups end; in a TestMain client.Main gives the T for one that all
// tests of the package share. It fails the test when it cannot.
func Start(t client.T, options ...testcontainers.ContainerCustomizer) *Container {
	t.Helper()
	c, err := Run(t.Context(), options...)
	t.Cleanup(func() {
		if err := testcontainers.TerminateContainer(c); err != nil {
			t.Errorf("end tokenstage: %v", err)
		}
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	c.Emulator = c.EndingWithTest()
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

// WithStore keeps the state where the URL says, such as redis://redis:6379 as the container reaches it, and shares it
// with every other emulator there. Without it the state is in the container's memory.
func WithStore(url string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{storeEnv: url})
}

// WithControlToken makes the control plane ask for that token instead of a generated one: for a container that others
// steer too. It has 16 characters or more.
func WithControlToken(token string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{controlTokenEnv: token})
}

// WithTLS serves HTTPS too, with a CA that lives as long as the container: see Emulator.HTTPClient. Other containers of
// its network reach it at TLSPort.
func WithTLS() testcontainers.CustomizeRequestOption { return withPort(tlsEnv, tlsAddr, TLSPort) }

// WithMQTTWebSocket lets the broker speak MQTT over WebSocket too, at MQTTWebSocketPort.
func WithMQTTWebSocket() testcontainers.CustomizeRequestOption {
	return withPort(mqttWSEnv, mqttWSAddr, MQTTWebSocketPort)
}

// WithMQTTS lets the broker speak MQTT over TLS too, at MQTTSPort, with a CA that lives as long as the container.
func WithMQTTS() testcontainers.CustomizeRequestOption {
	return withPort(mqttsEnv, mqttsAddr, MQTTSPort)
}

func withPort(env, addr, port string) testcontainers.CustomizeRequestOption {
	return func(r *testcontainers.GenericContainerRequest) error {
		return errors.Join(
			testcontainers.WithEnv(map[string]string{env: addr})(r), testcontainers.WithExposedPorts(port)(r))
	}
}
