package authority

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

const (
	caYears = 10
	// backdate makes certificates good for clients whose clock is a little behind.
	backdate = time.Hour
	// subjectID is how many bytes of the key's digest tell the CAs of several machines apart in a trust store.
	subjectID = 4
)

// PEM types of RFC 7468.
const (
	certificateBlock = "CERTIFICATE"
	privateKeyBlock  = "PRIVATE KEY"
)

// CA is a certificate authority with its key.
type CA struct {
	certificate *x509.Certificate
	key         crypto.Signer
	// chain begins with the certificate; in that of a CA which another one signed, those up to its root may follow.
	chain [][]byte
	// between are those of them that clients need besides the leaf and the root.
	between [][]byte
}

// NewCA makes a CA that is good for nothing but these hosts and the names of an emulator itself: name constraints,
// which are critical so that no client passes over them, keep whoever gets hold of the key from speaking for the rest
// of the internet.
func NewCA(now time.Time, hosts []string) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	id, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("encode the key of the CA: %w", err)
	}
	digest := sha256.Sum256(id)
	template := &x509.Certificate{
		Subject: pkix.Name{
			Organization: []string{"Tokenstage"},
			CommonName:   fmt.Sprintf("Tokenstage development CA %x", digest[:subjectID]),
		},
		NotBefore: now.Add(-backdate), NotAfter: now.AddDate(caYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: withOwn(hosts), PermittedIPRanges: loopbackRanges(),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of the CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	return &CA{certificate: certificate, key: key, chain: [][]byte{der}}, err
}

// ParseCA reads a CA that others made. Its file may hold the certificates between it and its root after its own.
func ParseCA(certificate, key []byte, now time.Time) (*CA, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil && isEncrypted(key) {
		return nil, errors.New("the key is encrypted: take its passphrase off, such as with openssl pkey")
	}
	if err != nil {
		return nil, err
	}
	ca := &CA{certificate: pair.Leaf, chain: pair.Certificate}
	if err := checkCA(ca.certificate, now); err != nil {
		return nil, err
	}
	var ok bool
	if ca.key, ok = pair.PrivateKey.(crypto.Signer); !ok {
		return nil, errors.New("the key cannot sign")
	}
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			ca.between = append(ca.between, der)
		}
	}
	return ca, nil
}

// isEncrypted knows PKCS #8 by its type (RFC 7468, section 11), and the older form by its header (RFC 1421, 4.6.1.1).
func isEncrypted(key []byte) bool {
	return bytes.Contains(key, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----")) ||
		bytes.Contains(key, []byte("\nProc-Type: 4,ENCRYPTED"))
}

func checkCA(c *x509.Certificate, now time.Time) error {
	switch {
	case !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("%s is not the certificate of a CA", c.Subject)
	case now.After(c.NotAfter):
		return fmt.Errorf("%s expired at %s", c.Subject, c.NotAfter.Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s is not valid before %s", c.Subject, c.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// checkConstraints holds a CA to what NewCA makes for these hosts: it is good for no other name and address.
func checkConstraints(c *x509.Certificate, hosts []string) error {
	for _, name := range c.PermittedDNSDomains {
		if !slices.Contains(withOwn(hosts), name) {
			return fmt.Errorf("%s is good for %s, which Tokenstage serves not", c.Subject, name)
		}
	}
	for _, addresses := range c.PermittedIPRanges {
		if !addresses.IP.IsLoopback() {
			return fmt.Errorf("%s is good for %s, which is another machine", c.Subject, addresses)
		}
	}
	if !c.PermittedDNSDomainsCritical || len(c.PermittedDNSDomains) == 0 || len(c.PermittedIPRanges) == 0 {
		return fmt.Errorf("%s lacks our name constraints, so it could speak for any host", c.Subject)
	}
	return nil
}

// PEM is the certificate of the CA as clients take it into their trust. Of a CA that another one signed, its root comes
// along where that was given: most clients trust nothing that does not end in one.
func (ca *CA) PEM() []byte {
	var all []byte
	for _, der := range ca.chain {
		all = append(all, encode(certificateBlock, der)...)
	}
	return all
}

// Name is the common name in the certificate, by which people find it in a trust store.
func (ca *CA) Name() string { return ca.certificate.Subject.CommonName }

func encode(block string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})
}

// newKey draws from the system's randomness and from no sandbox: a key that a seed repeats is none.
func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func loopbackRanges() []*net.IPNet {
	return []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
}

func loopbackAddresses() []net.IP { return []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback} }
