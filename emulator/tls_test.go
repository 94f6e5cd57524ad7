package emulator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// listenTLS serves the data plane over HTTPS, and returns a client like that of listen. It trusts the CA of the
// emulator unless told otherwise.
func (w *world) listenTLS(t *testing.T, log *slog.Logger, trusting bool) (client *http.Client, addr string) {
	t.Helper()
	return w.listenTLSWithin(t, log, trusting, listen.Limits{})
}

func (w *world) listenTLSWithin(
	t *testing.T, log *slog.Logger, trusting bool, limits listen.Limits,
) (client *http.Client, addr string) {
	t.Helper()
	ca, err := authority.NewCA(time.Now(), gateways.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := authority.New(authority.Options{CA: ca, Now: time.Now, Log: log, Hosts: gateways.Hosts()})
	if err != nil {
		t.Fatal(err)
	}
	server, err := listen.Open(t.Context(), listen.Options{
		Addr: "127.0.0.1:0", Handler: w.handler, Log: log, Limits: limits, TLS: issuer.TLSConfig(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	roots := x509.NewCertPool()
	if trusting {
		roots.AppendCertsFromPEM(ca.PEM())
	}
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DisableCompression: true, TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Addr())
		},
	}}, server.Addr()
}

// applyTLS is a good call of ApplyToken at a host, signed with it.
func (w *world) applyTLS(t *testing.T, host string) *http.Request {
	t.Helper()
	draft := applyTokenRequest()
	draft.Host = host
	req, err := w.acs.V3(draft, "ApplyToken", "2020-04-20").HTTP()
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", "https", draft.Host
	return req.WithContext(t.Context())
}

// TestHostsOverTLS wants a certificate for each host that a client can choose by itself.
func TestHostsOverTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, _ := w.listenTLS(t, discard, true)
	for _, host := range gateways.Hosts() {
		req := w.applyTLS(t, host)
		response, err := client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = response.Body.Close()
		if ofObjects := response.Header.Get("X-Oss-Request-Id") != ""; response.StatusCode != http.StatusOK && !ofObjects {
			t.Errorf("%s: status %d", host, response.StatusCode)
		}
	}
}

func TestTheRealHostOverTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, _ := w.listenTLS(t, discard, true)
	response, err := client.Do(w.applyTLS(t, tlsHost))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%d %s, %v", response.StatusCode, body, err)
	}
	if response.ProtoMajor != 1 || response.TLS == nil {
		t.Errorf("over %s, %v", response.Proto, response.TLS)
	}
	page, err := w.Journal(w.box).List(t.Context(), journal.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if url := page.Requests[0].Request.URL; !strings.HasPrefix(url, "https://onsmqtt.cn-hangzhou.aliyuncs.com/?") {
		t.Errorf("the journal says %s", url)
	}
}

// TestNetworkFaultsOverTLS has a real client feel each fault below the encryption.
func TestNetworkFaultsOverTLS(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{
		"reset": syscall.ECONNRESET, "close": io.EOF, "truncate": io.ErrUnexpectedEOF, "drip": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, emulator.Options{After: new(waits).after})
			client, _ := w.listenTLS(t, discard, true)
			w.play(t, w.box, onApplyToken("{network: "+name+"}"))
			response, err := client.Do(w.applyTLS(t, tlsHost))
			if err == nil {
				defer response.Body.Close()
				_, err = io.ReadAll(response.Body)
			}
			if !errors.Is(err, want) {
				t.Fatalf("the client felt %v, want %v", err, want)
			}
		})
	}
}

// TestTooManyConnectionsOverTLS wants clients beyond the limit to be told in words that they can read.
func TestTooManyConnectionsOverTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, addr := w.listenTLSWithin(t, discard, true, listen.Limits{Connections: 1})
	held := knock(t, addr)
	response, err := client.Do(w.applyTLS(t, tlsHost))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "at most 1") {
		t.Errorf("%d %s, %v", response.StatusCode, body, err)
	}
	_ = held.Close() // before the server is stopped, which would wait for it
}

// paper is a log that tests read while it is written.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(line)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// knock connects without a word.
func knock(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestDistrustIsSaidAloud once for each way in which clients show it: Go and Java by an alert, OpenSSL by one that is
// not encrypted, Node by leaving.
func TestDistrustIsSaidAloud(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call func(t *testing.T, client *http.Client, w *world, addr string)
		want int
	}{
		"alert": {func(t *testing.T, client *http.Client, w *world, _ string) {
			t.Helper()
			if _, err := client.Do(w.applyTLS(t, tlsHost)); err == nil { //nolint:bodyclose // there is no answer
				t.Error("trusted")
			}
		}, 1},
		"unencrypted alert": {func(t *testing.T, _ *http.Client, _ *world, addr string) {
			t.Helper()
			conn := knock(t, addr)
			config := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error {
				_, err := conn.Write([]byte{21, 3, 3, 0, 2, 2, 48}) // alert, TLS 1.2, two bytes: fatal, unknown CA
				return errors.Join(errors.New("not trusted"), err)
			}}
			if err := tls.Client(conn, config).HandshakeContext(t.Context()); err == nil {
				t.Error("trusted")
			}
		}, 1},
		"end": {func(t *testing.T, _ *http.Client, _ *world, addr string) {
			t.Helper()
			if err := knock(t, addr).Close(); err != nil {
				t.Error(err)
			}
		}, 1},
		"plain HTTP": {func(t *testing.T, _ *http.Client, _ *world, addr string) {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(req)
			if err != nil || response.StatusCode != http.StatusBadRequest {
				t.Errorf("%v, %v", response, err)
			}
			_ = response.Body.Close()
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := &paper{}
			everything := slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
			w := newWorld(t)
			client, addr := w.listenTLS(t, everything, false)
			for n := 1; n <= 2; n++ {
				c.call(t, client, w, addr)
				for strings.Count(said.String(), "level=DEBUG") < n { // the server notices later than its client
					runtime.Gosched()
				}
			}
			if got := strings.Count(said.String(), "tokenstage ca --trust all"); got != c.want {
				t.Errorf("said %d times, want %d: %s", got, c.want, said)
			}
		})
	}
}
