package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// secure is an emulator with HTTPS whose CA is kept in dir; an empty one has it in memory.
func secure(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	env := map[string]string{}
	if dir != "" {
		env["XDG_STATE_HOME"] = dir
	}
	return serve(t, env, append([]string{"--tls-addr", "127.0.0.1:0"}, args...)...)
}

// overTLS asks for something that is nowhere, as one who trusts the CA, and returns the status.
func (s *server) overTLS(t *testing.T, ca string) (int, error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.await(t, `over TLS {2,}(https://\S+)\n`)[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"kept": t.TempDir(), "in memory": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := secure(t, dir)
			asked := s.run(t, "ca")
			ca := onlyCertificate(t, asked.out)
			if status, err := s.overTLS(t, asked.out); err != nil || status != http.StatusNotFound {
				t.Errorf("got %d, %v", status, err)
			}
			kept := run(t, map[string]string{"XDG_STATE_HOME": dir}, "ca")
			if inMemory := dir == ""; inMemory == (kept.out == asked.out) || inMemory != strings.Contains(s.err.String(), "kept nowhere") {
				t.Errorf("kept: %s; log: %s", kept.out, s.err)
			}
			if !strings.Contains(s.err.String(), ca.Subject.CommonName) {
				t.Errorf("the log does not name the CA: %s", s.err)
			}
			s.await(t, `tokenstage ca --trust all --control `+s.control+` `)
			if code := s.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if _, err := s.overTLS(t, asked.out); err == nil {
				t.Error("still listens")
			}
		})
	}
}

// A folder that cannot be written is passed over only where nobody named it.
func TestServeTLSWhereNoFolderCanBeWritten(t *testing.T) {
	t.Parallel()
	s := secure(t, "/dev/null/state")
	if status, err := s.overTLS(t, s.run(t, "ca").out); err != nil || status != http.StatusNotFound {
		t.Errorf("got %d, %v", status, err)
	}
	if !strings.Contains(s.err.String(), "kept nowhere") {
		t.Errorf("log: %s", s.err)
	}
	got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--tls-addr", "127.0.0.1:0",
		"--state-dir", "/dev/null/state")
	if got.code != 1 || !strings.Contains(got.err, "the CA cannot be kept in /dev/null/state") {
		t.Errorf("got %+v", got)
	}
}

func TestEnvOverTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := secure(t, dir)
	url := s.await(t, `over TLS {2,}(https://\S+)\n`)[1]
	for name, c := range map[string]struct {
		state string
		want  string
	}{
		"same machine":    {dir, "TOKENSTAGE_CA_FILE=" + authority.CertFile(filepath.Join(dir, "tokenstage")) + "\n"},
		"another machine": {t.TempDir(), ""},
	} {
		got := run(t, map[string]string{"TOKENSTAGE_CONTROL": s.control, "XDG_STATE_HOME": c.state}, "env", "--format", "dotenv")
		if got.code != 0 || !strings.Contains(got.out, "\nTOKENSTAGE_TLS_URL="+url+"\n"+c.want) {
			t.Errorf("%s: got %+v", name, got)
		}
		if c.want == "" && strings.Contains(got.out, "TOKENSTAGE_CA_FILE") {
			t.Errorf("%s: names a file of another CA: %s", name, got.out)
		}
	}
}

func TestCAOfAnEmulatorWithoutTLS(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if got := s.run(t, "ca"); got.code != 1 || got.out != "" || !strings.Contains(got.err, "TLS is off") {
		t.Errorf("got %+v", got)
	}
	if _, err := client.New(s.control).CA(t.Context()); err == nil {
		t.Error("there is a CA")
	}
}

// givenCA writes a CA that is kept elsewhere into two files of dir.
func givenCA(t *testing.T) (certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	if got := run(t, nil, "ca", "--state-dir", dir); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	return authority.CertFile(dir), filepath.Join(dir, "ca", "ca-key.pem")
}

func TestServeTLSWithAGivenCA(t *testing.T) {
	t.Parallel()
	certificate, key := givenCA(t)
	state := t.TempDir()
	s := secure(t, state, "--tls-ca-cert", certificate, "--tls-ca-key", key)
	given, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.run(t, "ca"); got.out != string(given) {
		t.Errorf("got %+v", got)
	}
	if status, err := s.overTLS(t, string(given)); err != nil || status != http.StatusNotFound {
		t.Errorf("got %d, %v", status, err)
	}
	if _, err := os.Stat(filepath.Join(state, "tokenstage")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a CA of our own was made too: %v", err)
	}
}

func TestServeTLSRefusesCAsThatAreNoGood(t *testing.T) {
	t.Parallel()
	certificate, key := givenCA(t)
	_, otherKey := givenCA(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"certificate alone": {[]string{"--tls-ca-cert", certificate}, "belong together"},
		"key alone":         {[]string{"--tls-ca-key", key}, "belong together"},
		"mismatching pair":  {[]string{"--tls-ca-cert", certificate, "--tls-ca-key", otherKey}, "private key does not match public key"},
		"no file":           {[]string{"--tls-ca-cert", certificate + "x", "--tls-ca-key", key}, "--tls-ca-cert: no such file: "},
		"no key file":       {[]string{"--tls-ca-cert", certificate, "--tls-ca-key", key + "x"}, "--tls-ca-key: no such file: "},
		"swapped":           {[]string{"--tls-ca-cert", key, "--tls-ca-key", certificate}, "PEM inputs may have been switched"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			free := []string{"serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--tls-addr", "127.0.0.1:0"}
			got := run(t, nil, append(free, c.args...)...)
			if got.code != 2 || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\ntokenstage: ") > 0 {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
	got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--tls-ca-cert", certificate, "--tls-ca-key", key)
	if got.code != 2 || !strings.Contains(got.err, "without --tls-addr") {
		t.Errorf("without an address: %+v", got)
	}
}
