package authority

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// leafLife is well below the 397 days that clients accept at most (CA/Browser Forum, baseline requirements 6.3.2).
const leafLife = 90 * 24 * time.Hour

// leaf is the certificate of one name, made when it is first asked for and again before it ends.
type leaf struct {
	current atomic.Pointer[tls.Certificate]
	making  sync.Mutex // of those who ask at the same time one makes it
}

func (l *leaf) get(now time.Time, issue func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	if c := l.current.Load(); isFresh(c, now) {
		return c, nil
	}
	l.making.Lock()
	defer l.making.Unlock()
	if c := l.current.Load(); isFresh(c, now) {
		return c, nil
	}
	c, err := issue()
	if err == nil {
		l.current.Store(c)
	}
	return c, err
}

// isFresh reports whether a third of its life is still ahead of a certificate.
func isFresh(c *tls.Certificate, now time.Time) bool {
	if c == nil {
		return false
	}
	life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore)
	return c.Leaf.NotAfter.Sub(now) > life/3
}

// issue makes a leaf and looks at it as a client would: a CA that others made, or an older version of ours, may not be
// good for every name.
func (a *Authority) issue(name string, now time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Tokenstage"}, CommonName: name},
		DNSNames:  []string{name},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if name == localhost {
		template.IPAddresses = loopbackAddresses()
	}
	if end := a.ca.certificate.NotAfter; end.Before(template.NotAfter) {
		template.NotAfter = end
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.ca.certificate, a.key.Public(), a.ca.key)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.ca.certificate)
	if _, err := parsed.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
		return nil, fmt.Errorf("%s may not sign for it: %w", a.ca.Name(), err)
	}
	return &tls.Certificate{
		Certificate: append([][]byte{der}, a.ca.between...), PrivateKey: a.key, Leaf: parsed,
	}, nil
}
