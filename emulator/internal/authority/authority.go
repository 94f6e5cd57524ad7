// Package authority makes and keeps the certificate authority of the TLS listener and issues leaf certificates by SNI.
package authority

import (
	"crypto/ecdsa"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLeaves bounds the certificates that are kept of names below localhost and domains, which have no end. Any
	// further one is made for each handshake.
	maxLeaves = 256
	// maxRefused bounds the lines about names that are not served.
	maxRefused = 64
	// maxName is the longest name of DNS (RFC 1035, 2.3.4); a client can send longer ones.
	maxName = 253
)

// Options configure an Authority.
type Options struct {
	CA *CA
	// Now is real time, not a sandbox's: clients judge certificates by a clock of their own, which no sandbox moves.
	Now func() time.Time
	Log *slog.Logger
	// Hosts are the names for which certificates are issued beside those of an emulator itself, one by one.
	Hosts []string
	// Domains are names directly below which every name is served.
	Domains []string
	// Patterns are both as people read them, for the log.
	Patterns []string
}

// Authority issues a certificate for each served name that a client asks for. It is safe for concurrent use.
type Authority struct {
	ca  *CA
	key *ecdsa.PrivateKey // of all leaves: they have one owner
	now func() time.Time
	log *slog.Logger

	hosts    []string
	domains  []string
	patterns []string
	leaves   sync.Map     // by name, a *leaf
	kept     atomic.Int64 // those of names below localhost

	mu      sync.Mutex
	refused map[string]bool // names that the log has had its line about
}

// New returns an Authority.
func New(o Options) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	a := &Authority{ca: o.CA, key: key, now: o.Now, log: o.Log, refused: map[string]bool{}, domains: o.Domains}
	a.hosts, a.patterns = withOwn(o.Hosts), withOwn(o.Patterns)
	for _, host := range a.hosts {
		a.leaves.Store(host, new(leaf))
	}
	return a, nil
}

// TLSConfig is the configuration of a listener. It offers HTTP/1.1 alone: scripted network faults take over a
// connection, and HTTP/2 has none for a single call.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: a.certificate,
	}
}

// certificate is asked in each handshake. Clients that call an address send no name (RFC 6066, section 3), or the
// address although they must not.
func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	if name == "" || net.ParseIP(name) != nil {
		name = localhost
	}
	if len(name) > maxName || !a.serves(name) {
		a.tell(hello, name, "the name is not served")
		return nil, nil // crypto/tls then says so: alert unrecognized_name (RFC 6066, section 3)
	}
	now := a.now()
	found, err := a.leaf(name).get(now, func() (*tls.Certificate, error) { return a.issue(name, now) })
	if err != nil {
		a.tell(hello, name, err.Error())
		return nil, fmt.Errorf("no certificate for %q: %w", name, err)
	}
	return found, nil
}

func (a *Authority) leaf(name string) *leaf {
	if found, ok := a.leaves.Load(name); ok {
		return found.(*leaf)
	}
	if a.kept.Load() >= maxLeaves {
		return new(leaf)
	}
	found, had := a.leaves.LoadOrStore(name, new(leaf))
	if !had {
		a.kept.Add(1)
	}
	return found.(*leaf)
}

// tell says why a handshake is refused, once for each name.
func (a *Authority) tell(hello *tls.ClientHelloInfo, name, reason string) {
	if len(name) > maxName {
		name = name[:maxName]
	}
	if a.isNews(name) {
		a.log.Warn("TLS handshake refused: "+reason, "name", name, "client", hello.Conn.RemoteAddr().String(),
			"served", strings.Join(a.patterns, " "), "see", "tokenstage ca --trust hosts")
	}
}

func (a *Authority) isNews(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused[name] || len(a.refused) >= maxRefused {
		return false
	}
	a.refused[name] = true
	return true
}
