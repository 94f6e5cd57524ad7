package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
)

// TLSAddr is the address of the data plane over HTTPS as host:port; empty where that is off.
func (e *Emulator) TLSAddr() string { return e.tls }

// TLSURL is the base URL of the data plane over HTTPS, without a slash at its end; empty where that is off.
func (e *Emulator) TLSURL() string {
	if e.tls == "" {
		return ""
	}
	return "https://" + e.tls
}

// HTTPClient returns a client for the app under test that trusts the emulator's CA and reaches the emulator under every
// name: a call to https://onsmqtt.cn-hangzhou.aliyuncs.com goes to it with nothing changed but who is dialled. No name
// is looked up, no proxy asked, and nothing leaves for anywhere else. The emulator's own address is good too, such as
// that of a container engine elsewhere, which no certificate can name. Where HTTPS is off, calls over it fail. Its
// connections are closed when the test ends.
func (e *Emulator) HTTPClient(t T) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: e.dialOnly(e.data), DialTLSContext: e.dialTLSOnly(t)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// dialOnly dials one address whatever it is asked for.
func (e *Emulator) dialOnly(only string) dial {
	return func(ctx context.Context, network, _ string) (net.Conn, error) { return e.dial(ctx, network, only) }
}

var errNoTLS = errors.New("the emulator has no TLS listener: start it with WithTLS, or serve with --tls-addr")

// dialTLSOnly does the same, and holds the certificate to the name that was asked for: for the emulator's own address,
// to the name that its certificates have for it.
func (e *Emulator) dialTLSOnly(t T) dial {
	t.Helper()
	if e.tls == "" {
		return func(context.Context, string, string) (net.Conn, error) { return nil, errNoTLS }
	}
	ca, err := e.control.CA(t.Context())
	if err != nil {
		t.Fatalf("ask for the CA: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("the CA of %s is no certificate", e.control.URL())
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if addr == e.tls {
			host = "localhost"
		}
		plain, err := e.dial(ctx, network, e.tls)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(plain, &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, plain.Close())
		}
		return secure, nil
	}
}
