package cli_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
)

// onlyCertificate fails the test unless text is one certificate of a CA and nothing else.
func onlyCertificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 || !strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----\n") {
		t.Fatalf("no certificate alone: %s", text)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !certificate.IsCA {
		t.Fatalf("no CA: %v", err)
	}
	return certificate
}

func TestCAIsMadeOnceAndPrintedAlone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"home":         {map[string]string{"HOME": home}, nil, filepath.Join(home, ".local", "state", "tokenstage")},
		"XDG":          {map[string]string{"HOME": home, "XDG_STATE_HOME": filepath.Join(home, "xdg")}, nil, filepath.Join(home, "xdg", "tokenstage")},
		"no XDG":       {map[string]string{"HOME": home, "XDG_STATE_HOME": "relative"}, nil, filepath.Join(home, ".local", "state", "tokenstage")},
		"flag":         {nil, []string{"--state-dir", filepath.Join(home, "flag")}, filepath.Join(home, "flag")},
		"its variable": {map[string]string{"TOKENSTAGE_STATE_DIR": filepath.Join(home, "var")}, nil, filepath.Join(home, "var")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := run(t, c.env, append([]string{"ca"}, c.args...)...), run(t, c.env, append([]string{"ca"}, c.args...)...)
			if first.code != 0 || first != second {
				t.Fatalf("got %+v, then %+v", first, second)
			}
			onlyCertificate(t, first.out)
			file := authority.CertFile(c.want)
			if kept, err := os.ReadFile(file); err != nil || string(kept) != first.out {
				t.Errorf("not what is kept in %s: %v", file, err)
			}
			if !strings.Contains(first.err, file) || !strings.Contains(first.err, "--trust") {
				t.Errorf("says to people: %s", first.err)
			}
		})
	}
}

func TestCAWithoutAFolder(t *testing.T) {
	t.Parallel()
	if got := run(t, nil, "ca"); got.code != 2 || got.out != "" || !strings.Contains(got.err, "--state-dir") {
		t.Errorf("got %+v", got)
	}
	if got := run(t, nil, "ca", "--state-dir", "/dev/null/state"); got.code != 1 || got.out != "" {
		t.Errorf("got %+v", got)
	}
}

func TestCATellsHowToTrustIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "with space")
	file := "'" + authority.CertFile(dir) + "'"
	for who, wants := range map[string][]string{
		"go":   {"SSL_CERT_FILE=" + file, "RootCAs"},
		"node": {"NODE_EXTRA_CA_CERTS=" + file},
		"java": {"keytool -importcert", "-file " + file, "javax.net.ssl.trustStore="},
		"python": {
			"REQUESTS_CA_BUNDLE=" + file, "SSL_CERT_FILE=" + file + " python", "alibabacloud-tea",
			"ALIBABA_CLOUD_CA_BUNDLE=" + file + " python", "aliyun-python-sdk-core",
		},
		"php":  {"php -d curl.cainfo=" + file + " -d openssl.cafile=" + file + " "},
		"ruby": {"SSL_CERT_FILE=" + file + " ruby"},
		"curl": {"--cacert " + file, "--resolve", "--connect-to"},
		"hosts": {
			"\n  127.0.0.1 onsmqtt.cn-hangzhou.aliyuncs.com\n", "127.0.0.1 eco.taobao.com", "--addr 127.0.0.1:80 ",
			"alibaba-cloud-sdk-go", "Taobao Open Platform",
		},
		"all": {"Go:\n", "Node:\n", "Java:\n", "Python:\n", "PHP:\n", "Ruby:\n", "curl:\n", "/etc/hosts:\n"},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, "ca", "--state-dir", dir, "--trust", who)
			if got.code != 0 || got.err != "" {
				t.Fatalf("got %+v", got)
			}
			for _, want := range wants {
				if !strings.Contains(got.out, want) {
					t.Errorf("does not say %q:\n%s", want, got.out)
				}
			}
			for _, not := range []string{"{file}", "host.docker.internal", "CERTIFICATE"} {
				if strings.Contains(got.out, not) {
					t.Errorf("says %q:\n%s", not, got.out)
				}
			}
		})
	}
	if got := run(t, nil, "ca", "--trust", "cobol"); got.code != 2 {
		t.Errorf("got %+v", got)
	}
}

// A running emulator knows where it is; where its CA is kept on this machine, that file is named.
func TestCAOfARunningEmulatorTellsHowToTrustIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := secure(t, dir)
	addr := s.await(t, `over TLS {2,}https://(\S+)\n`)[1]
	other := t.TempDir()
	run(t, map[string]string{"XDG_STATE_HOME": other}, "ca")
	fetch := "The certificate:\n\n  tokenstage ca --control " + s.control + " > ca.pem\n"
	for name, c := range map[string]struct {
		state, file string
		fetched     bool
	}{
		"same machine":    {dir, authority.CertFile(filepath.Join(dir, "tokenstage")), false},
		"another machine": {t.TempDir(), "ca.pem", true},
		"another CA":      {other, "ca.pem", true},
		"no folder":       {"", "ca.pem", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "XDG_STATE_HOME": c.state}
			got := run(t, env, "ca", "--trust", "all")
			if got.code != 0 || strings.HasPrefix(got.out, fetch) != c.fetched {
				t.Errorf("got %+v", got)
			}
			for _, want := range []string{
				"NODE_EXTRA_CA_CERTS=" + c.file + " ", "--connect-to ::" + addr + " ",
				"--resolve service.besclouds.com" + strings.TrimPrefix(addr, "127.0.0.1") + ":127.0.0.1 ",
			} {
				if !strings.Contains(got.out, want) {
					t.Errorf("does not say %q:\n%s", want, got.out)
				}
			}
			if said := run(t, env, "ca").err; strings.Contains(said, "The file is "+c.file) == c.fetched {
				t.Errorf("says to people: %s", said)
			}
		})
	}
}
