// Package authority makes and keeps the certificate authority of the TLS listener and issues leaf certificates by SNI.
package authority

import (
	"crypto/ecdsa"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLeaves bounds the certificates that are kept: names below localhost have no end. Any further one is made for
	// each handshake.
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
}

// Authority issues a certificate for each served name that a client asks for. It is safe for concurrent use.
type Authority struct {
	ca  *CA
	key *ecdsa.PrivateKey // of all leaves: they have one owner
	now func() time.Time
	log *slog.Logger

	hosts  []string
	leaves sync.Map // by name, a *leaf
	kept   atomic.Int64

	mu      sync.Mutex
	refused map[string]bool // names that the log has had its line about
}

// New returns an Authority.
func New(o Options) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return &Authority{ca: o.CA, key: key, now: o.Now, log: o.Log, hosts: Hosts(), refused: map[string]bool{}}, nil
}

// TLSConfig is the configuration of a listener. It offers HTTP/1.1 alone: scripted network faults take over a
// connection, and HTTP/2 has none for a single call.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: a.certificate,
	}
}

// certificate is asked in each handshake. Clients that call an address send no name (RFC 6066, section 3).
func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	if name == "" {
		name = localhost
	}
	if len(name) > maxName || !serves(a.hosts, name) {
		return nil, a.refuse(hello, name, "the name is not served")
	}
	now := a.now()
	found, err := a.leaf(name).get(now, func() (*tls.Certificate, error) { return a.issue(name, now) })
	if err != nil {
		return nil, a.refuse(hello, name, err.Error())
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

// refuse ends a handshake, and says so once for each name.
func (a *Authority) refuse(hello *tls.ClientHelloInfo, name, reason string) error {
	if len(name) > maxName {
		name = name[:maxName]
	}
	if a.isNews(name) {
		a.log.Warn("TLS handshake refused: "+reason, "name", name, "client", hello.Conn.RemoteAddr().String(),
			"served", strings.Join(Patterns(), " "))
	}
	return fmt.Errorf("no certificate for %q: %s", name, reason)
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
