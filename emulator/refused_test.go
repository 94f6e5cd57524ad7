package emulator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// started is an emulator that listens, over HTTPS too, and its log.
func started(t *testing.T, limits listen.Limits) (*world, *paper) {
	t.Helper()
	said := &paper{}
	w := newWorldWith(t, emulator.Options{
		TLSAddr: "127.0.0.1:0", Limits: limits, Log: slog.New(slog.NewTextHandler(said, nil)),
	})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.Close(ended) // cuts off the clients that a test left hanging
	})
	return w, said
}

// inDefault is what the journal of the default sandbox holds.
func (w *world) inDefault(t *testing.T) []journal.Entry {
	t.Helper()
	return w.entries(t, w.Default(), 0)
}

func (w *world) dialTLS(t *testing.T) net.Conn {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.CA())
	return tls.Client(dial(t, w.TLSAddr()), &tls.Config{RootCAs: roots, ServerName: tlsHost})
}

const (
	bareBlank = "GET /router/rest?timestamp=2030-01-01 08:00:00&v=2.0 HTTP/1.1\r\nHost: gw.example\r\nX-Who: me\r\n\r\n"
	goodHead  = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
)

// TestRefusedByTheServer: what net/http answers by itself is in the journal and in the log once the client has its
// answer, with the cause.
func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, outcome, says, url string }{
		"bare blanks":       {bareBlank, "http.400", "bare blanks", "http://gw.example/router/rest?timestamp=2030-01-01 08:00:00&v=2.0"},
		"no escape":         {"GET /router/rest%zz HTTP/1.1\r\nHost: x\r\n\r\n", "http.400", "percent sign", "http://x/router/rest%zz"},
		"no Host":           {"POST /?Action=A HTTP/1.1\r\nX: y\r\n\r\n", "http.400", "missing required Host header", "http:///?Action=A"},
		"two Hosts":         {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "http.400", "refused", "http://b/"},
		"a bad Host":        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "http.400", "malformed Host header", "http://a b/"},
		"a large head":      {"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("x", 5<<20) + "\r\n\r\n", "http.431", "more than 1048576 bytes", "http://x/"},
		"no header":         {"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", "http.400", "a line of its headers", "http://x/"},
		"a length in words": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", "http.400", "Content-Length is no number", "http://x/"},
		"another version":   {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "http.505", "unsupported protocol version", "http://x/"},
		"no version":        {"GET /\r\n\r\n", "http.400", "request line", "http:///"},
		"another coding":    {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "http.501", "not implemented", "http://x/"},
		"an expectation":    {"POST / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nContent-Length: 1\r\n\r\n", "http.417", "expectation failed", "http://x/"},
		"no HTTP":           {"SSH-2.0-OpenSSH_9.6\r\n", "http.400", "request line", "http:///"},
		"the second":        {goodHead + bareBlank, "http.400", "bare blanks", "http://gw.example/router/rest?timestamp=2030-01-01 08:00:00&v=2.0"},
		"more than its length says": {
			"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}rest of the body\r\n\r\n", "http.400", "refused", "http:///",
		},
		"a head cut off": {"GET / HTTP/1.1\r\nHost: x\r\nX-Mor", "http.400", "ended too early", "http://x/"},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				w, said := started(t, listen.Limits{})
				conn := dial(t, w.Addr())
				if scheme == "https" {
					conn = w.dialTLS(t)
				}
				_, _ = io.WriteString(conn, c.sent) // what is too large is not taken to its end
				_ = conn.(interface{ CloseWrite() error }).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
				wantRefused(t, w, said, c.outcome, c.says)
				if got := w.inDefault(t); strings.TrimPrefix(got[len(got)-1].Request.URL, scheme) != strings.TrimPrefix(c.url, "http") {
					t.Errorf("the URL is %s, want that of %s", got[len(got)-1].Request.URL, c.url)
				}
			})
		}
	}
}

// wantRefused holds the last entry of the default sandbox, and the log, to the cause.
func wantRefused(t *testing.T, w *world, said *paper, outcome, says string) {
	t.Helper()
	entries := w.inDefault(t)
	if len(entries) == 0 {
		t.Fatal("the journal is empty")
	}
	e := entries[len(entries)-1]
	told := func(f wire.Finding) bool { return f.Level == wire.LevelError && strings.Contains(f.Message, says) }
	if e.Outcome != outcome || !slices.ContainsFunc(e.Findings, told) {
		t.Errorf("got %s %+v, want %s with %q", e.Outcome, e.Findings, outcome, says)
	}
	if log := said.String(); strings.Count(log, "a request could not be read") != 1 || !strings.Contains(log, strings.ReplaceAll(says, `"`, `\"`)) {
		t.Errorf("the log says %q", log)
	}
}

// TestSecureClientsOfThePlainPort are told how to speak plain HTTP, whatever is in their handshake.
func TestSecureClientsOfThePlainPort(t *testing.T) {
	t.Parallel()
	for name, speak := range map[string]func(t *testing.T, conn net.Conn){
		"a whole handshake": func(t *testing.T, conn net.Conn) {
			t.Helper()
			if err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(t.Context()); err == nil {
				t.Error("the handshake was made")
			}
		},
		"one without a line end": func(t *testing.T, conn net.Conn) {
			t.Helper()
			say(t, conn, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
			_, _ = io.Copy(io.Discard, conn)
		},
		"byte by byte": func(t *testing.T, conn net.Conn) {
			t.Helper()
			for _, b := range []string{"\x16", "\x03", "\x01"} {
				say(t, conn, b)
			}
			_, _ = io.Copy(io.Discard, conn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, said := started(t, listen.Limits{})
			speak(t, dial(t, w.Addr()))
			wantRefused(t, w, said, "http.400", `Protocol: "http"`)
		})
	}
}

// TestPlainClientsOfTheSecurePort are told the other way round.
func TestPlainClientsOfTheSecurePort(t *testing.T) {
	t.Parallel()
	w, said := started(t, listen.Limits{})
	conn := dial(t, w.TLSAddr())
	say(t, conn, goodHead)
	if status, body := answerOn(t, conn); status != 400 || !strings.Contains(body, "HTTPS") {
		t.Errorf("%d %s", status, body)
	}
	wantRefused(t, w, said, "http.400", "https://")
}

// TestHeadsThatDoNotEnd leave a trace when their time is over.
func TestHeadsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	w, said := started(t, listen.Limits{ReadHeader: 50 * time.Millisecond})
	conn := dial(t, w.Addr())
	say(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	wantClosed(t, conn)
	wantRefused(t, w, said, "http.408", "did not come to its end")
}

// TestWhatIsNoRefusal leaves no such trace: connections that come and go, calls on kept ones, with bodies and without.
func TestWhatIsNoRefusal(t *testing.T) {
	t.Parallel()
	w, said := started(t, listen.Limits{Idle: 50 * time.Millisecond})
	_ = dial(t, w.Addr()).Close()
	_ = dial(t, w.TLSAddr()).Close()
	for _, conn := range []net.Conn{dial(t, w.Addr()), w.dialTLS(t)} {
		const sent = "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
		const late = "POST /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
		const calls = 20
		for range calls {
			say(t, conn, sent+goodHead)
		}
		say(t, conn, late)
		say(t, conn, "body")
		if got, _ := io.ReadAll(conn); strings.Count(string(got), " 404 Not Found") != 2*calls+1 {
			t.Errorf("answers: %s", got)
		}
	}
	if log := said.String(); strings.Contains(log, "could not be read") {
		t.Errorf("the log says %s", log)
	}
	for _, e := range w.inDefault(t) {
		if e.Outcome != "http.404" {
			t.Errorf("%s %s %+v", e.Outcome, e.Request.URL, e.Findings)
		}
	}
}

// TestManyRefusals fill neither the journal nor the log.
func TestManyRefusals(t *testing.T) {
	t.Parallel()
	w, said := started(t, listen.Limits{})
	const many = 400
	for range many {
		conn := dial(t, w.Addr())
		say(t, conn, bareBlank)
		wantClosedBy(t, conn)
		_ = conn.Close()
	}
	if n := len(w.inDefault(t)); n < 50 || n > 200 {
		t.Errorf("%d of %d are in the journal", n, many)
	}
	if n := strings.Count(said.String(), "\n"); n < 50 || n > 200 {
		t.Errorf("the log has %d lines", n)
	}
	if !strings.Contains(said.String(), "many requests in a row") {
		t.Error("the log does not tell that some are not told")
	}
}

func wantClosedBy(t *testing.T, conn net.Conn) {
	t.Helper()
	if text, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 400") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestRefusalsKeepSecrets: what was refused is in the journal, and no secret in it, nor in the log.
func TestRefusalsKeepSecrets(t *testing.T) {
	t.Parallel()
	w, said := started(t, listen.Limits{})
	conn := dial(t, w.Addr())
	say(t, conn, fmt.Sprintf("GET /?a=b c&s=%s HTTP/1.1\r\nHost: x\r\nX-Key: %[1]s\r\n\r\n", "acs-secret"))
	_, _ = io.Copy(io.Discard, conn)
	entries := w.inDefault(t)
	if text := toJSON(t, entries) + said.String(); strings.Contains(text, "acs-secret") || !strings.Contains(text, "a=b c") {
		t.Errorf("got %s", text)
	}
}
