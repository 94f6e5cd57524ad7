package authority_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/clocktest"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// start is the time at the beginning of every test.
var start = clocktest.Start

// world is an authority with its clock and its log.
type world struct {
	ca    *authority.CA
	tls   *tls.Config
	roots *x509.CertPool
	log   *screen

	*clocktest.Clock
}

// screen is a log that can be read meanwhile.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newCA(t testing.TB) *authority.CA {
	t.Helper()
	ca, err := authority.NewCA(start, gateways.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func newWorld(t testing.TB, ca *authority.CA) *world {
	t.Helper()
	w := &world{ca: ca, Clock: clocktest.New(), log: &screen{}, roots: pool(t, ca.PEM())}
	a, err := authority.New(authority.Options{
		CA: ca, Now: w.Now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Hosts: gateways.Hosts(), Patterns: gateways.HostPatterns(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.tls = a.TLSConfig()
	return w
}

func pool(t testing.TB, pem []byte) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate: %s", pem)
	}
	return roots
}

// dial has a client shake hands that calls host, which is a name or an address, and trusts the CA.
func (w *world) dial(t testing.TB, host string, change ...func(*tls.Config)) (tls.ConnectionState, error) {
	t.Helper()
	config := &tls.Config{RootCAs: w.roots, ServerName: host, Time: w.Now}
	for _, c := range change {
		c(config)
	}
	inside, outside := connected(t)
	served := make(chan error, 1)
	go func() {
		served <- tls.Server(inside, w.tls).HandshakeContext(t.Context())
		_ = inside.Close()
	}()
	client := tls.Client(outside, config)
	err := client.HandshakeContext(t.Context())
	_ = outside.Close()
	if failed := <-served; err == nil && failed != nil {
		t.Errorf("%s: the server felt %v", host, failed)
	}
	return client.ConnectionState(), err
}

// connected is the two ends of a connection. They are sockets: on a net.Pipe, where nothing is buffered, a server that
// still writes and a client that already refuses would wait for each other.
func connected(t testing.TB) (inside, outside net.Conn) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if outside, err = new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if inside, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return inside, outside
}

// leaf is the certificate that such a client gets.
func (w *world) leaf(t testing.TB, host string) *x509.Certificate {
	t.Helper()
	state, err := w.dial(t, host)
	if err != nil {
		t.Fatalf("%s: %v", host, err)
	}
	return state.PeerCertificates[0]
}
