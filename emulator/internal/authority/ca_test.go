package authority_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// signer is a certificate with its key, as a test makes them.
type signer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func (s signer) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

func (s signer) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// block is PEM of no meaning.
func block(of string, header map[string]string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: of, Headers: header, Bytes: []byte("x")})
}

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// make signs a certificate by parent, or by itself.
func makeSigner(t *testing.T, key crypto.Signer, parent *signer, change func(*x509.Certificate)) signer {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: t.Name() + " " + time.Now().String()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: start.Add(-time.Hour), NotAfter: start.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	if parent == nil {
		parent = &signer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.certificate, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{parsed, key}
}

// keptSigner is a CA of ours with its key, read from where it is kept.
func keptSigner(t *testing.T) signer {
	t.Helper()
	dir := t.TempDir()
	if _, err := authority.Keep(dir, start, gateways.Hosts()); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "ca", "ca-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := os.ReadFile(authority.CertFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	return signer{pair.Leaf, pair.PrivateKey.(crypto.Signer)}
}

// Whoever steals the key gets no further than the emulated hosts.
func TestTheCAIsGoodForNothingElse(t *testing.T) {
	t.Parallel()
	ca := keptSigner(t)
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	verify := func(usage x509.ExtKeyUsage, change func(*x509.Certificate)) error {
		leaf := makeSigner(t, ecKey(t), &ca, func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage, c.ExtKeyUsage = false, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
			change(c)
		})
		_, err := leaf.certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: start, KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	named := func(names ...string) func(*x509.Certificate) { return func(c *x509.Certificate) { c.DNSNames = names } }
	addressed := func(ip string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP(ip)} }
	}
	for name, change := range map[string]func(*x509.Certificate){
		"another site": named("example.com"), "another service of the vendor": named("ecs.aliyuncs.com"),
		"beside a served one": named("eco.taobao.com", "www.taobao.com"), "wildcard": named("*.aliyuncs.com"),
		"address of the internet": addressed("8.8.8.8"), "address of IPv6": addressed("2001:db8::1"),
	} {
		if err := verify(x509.ExtKeyUsageServerAuth, change); err == nil {
			t.Errorf("%s: the certificate is good", name)
		}
	}
	if err := verify(x509.ExtKeyUsageServerAuth, named("eco.taobao.com")); err != nil {
		t.Errorf("a served name: %v", err)
	}
	if err := verify(x509.ExtKeyUsageClientAuth, named("eco.taobao.com")); err == nil {
		t.Error("it signs for clients")
	}
	if c := ca.certificate; !c.PermittedDNSDomainsCritical || !c.MaxPathLenZero ||
		!strings.HasPrefix(c.Subject.CommonName, "Tokenstage development CA ") || c.NotAfter.Year() != start.Year()+10 {
		t.Errorf("%s until %v", c.Subject, c.NotAfter)
	}
}

func TestParseCARefuses(t *testing.T) {
	t.Parallel()
	good := makeSigner(t, ecKey(t), nil, nil)
	stranger := makeSigner(t, ecKey(t), nil, nil)
	made := func(change func(*x509.Certificate)) signer { return makeSigner(t, ecKey(t), nil, change) }
	noCA := made(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	cannotSign := made(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	ended := made(func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Minute) })
	early := made(func(c *x509.Certificate) { c.NotBefore = start.Add(time.Minute) })
	for name, c := range map[string]struct {
		certificate, key []byte
		want             string
	}{
		"mismatching pair": {good.certPEM(), stranger.keyPEM(t), "private key does not match"},
		"no certificate":   {[]byte("x"), good.keyPEM(t), "failed to find any PEM data in certificate input"},
		"no key":           {good.certPEM(), []byte("x"), "failed to find any PEM data in key input"},
		"swapped":          {good.keyPEM(t), good.certPEM(), "PEM inputs may have been switched"},
		"encrypted key":    {good.certPEM(), block("ENCRYPTED PRIVATE KEY", nil), "the key is encrypted"},
		"encrypted, old": {
			good.certPEM(), block("RSA PRIVATE KEY", map[string]string{"Proc-Type": "4,ENCRYPTED"}), "the key is encrypted",
		},
		"not a CA":      {noCA.certPEM(), noCA.keyPEM(t), "is not the certificate of a CA"},
		"cannot sign":   {cannotSign.certPEM(), cannotSign.keyPEM(t), "is not the certificate of a CA"},
		"expired":       {ended.certPEM(), ended.keyPEM(t), "expired at 2026-03-01T07:59:00Z"},
		"not yet valid": {early.certPEM(), early.keyPEM(t), "is not valid before 2026-03-01T08:01:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := authority.ParseCA(c.certificate, c.key, start)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestGivenCAs(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]func() (crypto.Signer, error){
		"ECDSA": func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
		"RSA":   func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
		"Ed25519": func() (crypto.Signer, error) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			return key, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := key()
			if err != nil {
				t.Fatal(err)
			}
			given := makeSigner(t, k, nil, nil)
			ca, err := authority.ParseCA(given.certPEM(), given.keyPEM(t), start)
			if err != nil {
				t.Fatal(err)
			}
			newWorld(t, ca).leaf(t, "eco.taobao.com")
		})
	}
}

// Clients know the root alone, so the certificates between it and the leaf come along.
func TestACABelowAnother(t *testing.T) {
	t.Parallel()
	root := makeSigner(t, ecKey(t), nil, nil)
	below := makeSigner(t, ecKey(t), &root, nil)
	chain := append(below.certPEM(), root.certPEM()...)
	ca, err := authority.ParseCA(chain, below.keyPEM(t), start)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ca.PEM(), chain) {
		t.Errorf("clients are to trust what has no root: %s", ca.PEM())
	}
	w := newWorld(t, ca)
	w.roots = pool(t, root.certPEM())
	state, err := w.dial(t, "eco.taobao.com")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.PeerCertificates); n != 2 {
		t.Errorf("%d certificates were sent, want the leaf and the one between", n)
	}
}

// A given CA may be limited to less than what is served. That is said here, and not only by the client.
func TestACAThatMayNotSign(t *testing.T) {
	t.Parallel()
	given := makeSigner(t, ecKey(t), nil, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"taobao.com"} })
	ca, err := authority.ParseCA(given.certPEM(), given.keyPEM(t), start)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, ca)
	w.leaf(t, "eco.taobao.com")
	if _, err := w.dial(t, "aicontent.aliyuncs.com"); err == nil || !strings.Contains(w.log.String(), "may not sign for it") {
		t.Errorf("%v; log: %s", err, w.log)
	}
}
