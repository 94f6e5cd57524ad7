// Package inprocess runs Tokenstage inside the test process: no container engine is needed, none is compiled in, and
// the tests are the same as those that run against a container.
package inprocess

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/internal/memnet"
)

// closeLimit is how long calls in flight may go on once the test ends.
const closeLimit = 100 * time.Millisecond

// Option configures the emulator of a test.
type Option func(*emulator.Options)

// WithSeed fixes the chance of the default sandbox. Other sandboxes have seeds of their own.
func WithSeed(seed uint64) Option { return func(o *emulator.Options) { o.Seed = seed } }

// WithLog takes the log; without it there is none.
func WithLog(log *slog.Logger) Option { return func(o *emulator.Options) { o.Log = log } }

// WithStore keeps the state where the URL says, such as redis://127.0.0.1:6379, and shares it with every other emulator
// there: give each run of tests a prefix of its own (?prefix=NAME). Without it the state is in memory.
func WithStore(url string) Option { return func(o *emulator.Options) { o.StoreURL = url } }

// WithTLS serves HTTPS too, with a CA that lives as long as the emulator: see Emulator.HTTPClient.
func WithTLS() Option { return func(o *emulator.Options) { o.TLSAddr = "127.0.0.1:0" } }

// WithMQTTWebSocket lets the broker speak MQTT over WebSocket too.
func WithMQTTWebSocket() Option { return func(o *emulator.Options) { o.MQTTWSAddr = "127.0.0.1:0" } }

// WithMQTTS lets the broker speak MQTT over TLS too, with a CA that lives as long as the emulator.
func WithMQTTS() Option { return func(o *emulator.Options) { o.MQTTSAddr = "127.0.0.1:0" } }

// WithMemoryNetwork lets the planes listen within the process instead of on the machine, so that the emulator can live
// in a bubble of testing/synctest, whose time passes at once where everything in it waits. Nothing but
// [client.Emulator.Dial] and the client of [client.Emulator.HTTPClient] reaches them.
func WithMemoryNetwork() Option {
	return func(o *emulator.Options) { o.Network = &memnet.Network{} }
}

// Start runs an emulator on free ports of the loopback address until the test and its cleanups end; in a TestMain
// client.Main gives the T for one that all tests of the package share. It is ready when Start returns. Tests may start
// many of them, also in parallel, and share one just as well: each sandbox is a world of its own. A browser shows what
// happens in it, at the address of its control plane: em.Control().URL().
func Start(t client.T, options ...Option) *client.Emulator {
	t.Helper()
	set := emulator.Options{Log: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&set)
	}
	em, err := emulator.New(t.Context(), set)
	if err == nil {
		err = em.Start(t.Context())
	}
	if err != nil {
		t.Fatalf("start tokenstage: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), closeLimit)
		defer cancel()
		// Calls that the test left in flight are cut off, which is what they are owed.
		_ = em.Close(ctx)
	})
	dial := new(net.Dialer).DialContext
	if network, ok := set.Network.(*memnet.Network); ok {
		dial = network.Dial
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	caller := client.New("http://"+em.ControlAddr(), client.WithHTTPClient(&http.Client{Transport: transport}))
	return client.NewEmulator(caller, em.Addr()).WithTLS(em.TLSAddr()).WithBroker(client.BrokerAddrs{
		MQTT: em.MQTTAddr(), WebSocket: em.MQTTWSAddr(), TLS: em.MQTTSAddr(),
	}).WithDial(dial).EndingWithTest()
}
