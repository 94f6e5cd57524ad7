package client

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// T is what the testkit needs of a test: *testing.T, *testing.B and *testing.F have it. It is no testing.TB, so that
// programs that use this package are not linked with package testing.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(cleanup func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Emulator is a running Tokenstage as tests use it: in a container, in the test process, or one that others started and
// share. It is safe for concurrent use.
type Emulator struct {
	control *Client
	data    string
	tls     string // empty where HTTPS is off
	broker  BrokerAddrs
	dial    dial
	// endsWithTest says that the emulator is gone once the test has ended that started it.
	endsWithTest bool
}

// NewEmulator returns the emulator whose control plane the client speaks to and whose data plane this process reaches
// at data, as host:port.
func NewEmulator(control *Client, data string) *Emulator {
	return &Emulator{control: control, data: data, dial: new(net.Dialer).DialContext}
}

// WithDial returns the same emulator, whose addresses are reached by dial alone.
func (e *Emulator) WithDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *Emulator {
	dialled := *e
	dialled.dial = dial
	return &dialled
}

// Dial connects to an address of the emulator, as net.Dialer.DialContext does: for clients of MQTT and others that are
// given a connection, where nothing else reaches an emulator on a network within the process.
func (e *Emulator) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return e.dial(ctx, network, addr)
}

// WithTLS returns the same emulator with the address, as host:port, at which this process reaches it over HTTPS.
func (e *Emulator) WithTLS(addr string) *Emulator {
	secure := *e
	secure.tls = addr
	return &secure
}

// BrokerAddrs are the addresses at which this process reaches the broker, each as host:port: for MQTT over TCP, over
// WebSocket and over TLS. One that is empty is off.
type BrokerAddrs struct{ MQTT, WebSocket, TLS string }

// WithBroker returns the same emulator with the addresses at which this process reaches its broker.
func (e *Emulator) WithBroker(addrs BrokerAddrs) *Emulator {
	broking := *e
	broking.broker = addrs
	return &broking
}

// EndingWithTest returns the same emulator, known to be gone once the test has ended that started it.
func (e *Emulator) EndingWithTest() *Emulator {
	passing := *e
	passing.endsWithTest = true
	return &passing
}

// Connect returns the emulator whose control plane is at controlURL. It fails the test when that is not ready. The
// address of the data plane is what the server says, with the host of controlURL when the server knows itself by a
// loopback address only.
func Connect(t T, controlURL string, options ...Option) *Emulator {
	t.Helper()
	control := New(controlURL, options...)
	box, err := control.Sandbox(t.Context(), defaultSandbox)
	if err != nil {
		t.Fatalf("tokenstage at %s: %v", controlURL, err)
	}
	data, err := reachable(box.Endpoints.ACS, control.URL())
	if err != nil {
		t.Fatalf("tokenstage at %s: %v", controlURL, err)
	}
	addressOf := func(endpoint string) string {
		t.Helper()
		if endpoint == "" {
			return ""
		}
		said, err := url.Parse(endpoint)
		if err != nil {
			t.Fatalf("tokenstage at %s: %v", controlURL, err)
		}
		address, err := reachable(said.Host, control.URL())
		if err != nil {
			t.Fatalf("tokenstage at %s: %v", controlURL, err)
		}
		return address
	}
	said := box.Endpoints
	return NewEmulator(control, data).WithTLS(addressOf(said.TLS)).WithBroker(BrokerAddrs{
		MQTT: addressOf(said.MQTT), WebSocket: addressOf(said.MQTTWS), TLS: addressOf(said.MQTTS),
	})
}

// defaultSandbox is the sandbox that always exists.
const defaultSandbox = "default"

// reachable is the address of the data plane as seen from where the control plane is known by controlURL.
func reachable(data, controlURL string) (string, error) {
	control, err := url.Parse(controlURL)
	if err != nil {
		return "", fmt.Errorf("the control plane's address: %w", err)
	}
	host, port, err := net.SplitHostPort(data)
	if err != nil {
		return "", fmt.Errorf("an address of the data plane: %w", err)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		host = control.Hostname()
	}
	return net.JoinHostPort(host, port), nil
}

// Addr is the address of the data plane as host:port, which is how SDKs of gateway acs take their endpoint.
func (e *Emulator) Addr() string { return e.data }

// URL is the base URL of the data plane, without a slash at its end.
func (e *Emulator) URL() string { return "http://" + e.data }

// Control speaks the whole control API.
func (e *Emulator) Control() *Client { return e.control }

// endpoints are those that the server says, with its addresses as this process reaches them: a server in a container
// knows only its own.
func (e *Emulator) endpoints(said Endpoints) Endpoints {
	known := strings.TrimPrefix(said.Data, "http://")
	here := func(endpoint string) string { return strings.Replace(endpoint, known, e.data, 1) }
	return Endpoints{
		Data: e.URL(), Control: e.control.URL(), ACS: here(said.ACS), Top: here(said.Top), Fabric: here(said.Fabric),
		TLS: e.TLSURL(), MQTT: at(said.MQTT, e.broker.MQTT), MQTTWS: at(said.MQTTWS, e.broker.WebSocket),
		MQTTS: at(said.MQTTS, e.broker.TLS),
	}
}

// at is an endpoint of the server at the address where this process reaches it; empty where it does not.
func at(endpoint, address string) string {
	said, err := url.Parse(endpoint)
	if err != nil || endpoint == "" || address == "" {
		return ""
	}
	said.Host = address
	return said.String()
}
