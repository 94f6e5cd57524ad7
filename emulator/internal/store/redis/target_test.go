package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// No error shows a password, wherever in a URL one stands.
func TestBadURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://user:pa/hunter2@127.0.0.1:1":         "cannot be read",
		"redis://:12/hunter2@127.0.0.1:1":             "cannot be read",
		"redis://:12?hunter2@127.0.0.1:1":             "cannot be read",
		"redis://:12#hunter2@127.0.0.1:1":             "cannot be read",
		"redis://:hunter2@127.0.0.1:port":             "cannot be read",
		"http://:hunter2@127.0.0.1:1":                 "cannot be read",
		"redis://:hunter2@127.0.0.1:1/name":           "invalid database number",
		"redis://:hunter2@127.0.0.1:1?pool=3":         "unexpected option: pool",
		"redis://:hunter2@127.0.0.1:1?prefix=a{b}":    "prefix",
		"redis://:hunter2@127.0.0.1:1?prefix=":        "prefix",
		"redis://:hunter2@127.0.0.1:1?addr=nowhere":   "addr",
		"redis://:hunter2@127.0.0.1:1?read_timeout=x": "read_timeout",
		"redis://:hunter2@127.0.0.1:1":                "127.0.0.1:1",
	} {
		_, err := redis.Open(t.Context(), url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
			continue
		}
		if text := err.Error(); strings.Contains(text, "hunter2") || strings.Count(text, "\n") > 1 {
			t.Errorf("%s: %s", url, text)
		}
	}
}

// Another format is refused, and what others keep is not touched.
func TestOtherFormatsAreRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Do("SET", "tokenstage:format", "7")
	server.Do("SET", "theirs", "stays")
	if _, err := redis.Open(t.Context(), server.URL()); err == nil || !strings.Contains(err.Error(), "format 7") {
		t.Errorf("Open = %v", err)
	}
	other := open(t, server.URL()+"?prefix=other").Space("one")
	if err := other.Put(t.Context(), "key", []byte("value"), start()); err != nil {
		t.Fatal(err)
	}
	if err := other.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if server.Do("GET", "theirs") != "stays" || server.Do("GET", "tokenstage:format") != "7" {
		t.Error("what others keep was changed")
	}
}

// A user with a password and no more rights than docs/sharing.md says.
func TestUserOfAccessList(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "hunter2", "--user", "ts", "on", ">hunter2", "~tokenstage:*",
		"&tokenstage:*", "+@read", "+@write", "+@connection", "+@pubsub", "+@scripting", "+time", "-@dangerous")
	for _, url := range []string{server.URL(), "redis://ts:wrong@" + server.Addr()} {
		_, err := redis.Open(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "wrong@") {
			t.Errorf("Open = %v", err)
		}
	}
	space := open(t, "redis://ts:hunter2@"+server.Addr()).Space("one")
	if _, err := space.Increment(t.Context(), "n", 1, start()); err != nil {
		t.Error(err)
	}
}

// certificate writes a key and a certificate of 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", secret)
}

// TestTLS refuses a server whose certificate nobody vouches for, unless the URL says otherwise.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(secure, ":")
	redistest.Start(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no",
		"--tls-ca-cert-file", cert)
	if _, err := redis.Open(t.Context(), "rediss://"+secure); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Open = %v, want that the certificate is not trusted", err)
	}
	space := open(t, "rediss://"+secure+"?skip_verify=true").Space("one")
	if _, err := space.Increment(t.Context(), "n", 1, start()); err != nil {
		t.Error(err)
	}
}

// TestUserOfAccessListInACluster has the rights beside them that docs/sharing.md names.
func TestUserOfAccessListInACluster(t *testing.T) {
	t.Parallel()
	masters := redistest.StartCluster(t)
	for _, each := range masters {
		each.Do("ACL", "SETUSER", "ts", "on", ">hunter2", "~tokenstage:*", "&tokenstage:*", "+@read", "+@write",
			"+@connection", "+@pubsub", "+@scripting", "+time", "-@dangerous", "+cluster|slots", "+cluster|shards", "+command")
	}
	s := open(t, "redis://ts:hunter2@"+masters[0].Addr())
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if _, err := s.Space(name).Increment(t.Context(), "n", 1, start()); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "it is ready", func() bool { return s.Ready() == nil })
}
