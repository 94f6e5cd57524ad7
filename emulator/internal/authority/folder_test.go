package authority_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

func keep(t *testing.T, dir string) *authority.CA {
	t.Helper()
	ca, err := authority.Keep(dir, start, gateways.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestKeepMakesACAOnceAndForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there")
	first, second := keep(t, dir), keep(t, dir)
	if !bytes.Equal(first.PEM(), second.PEM()) {
		t.Error("two CAs in one folder")
	}
	if kept, err := os.ReadFile(authority.CertFile(dir)); err != nil || !bytes.Equal(kept, first.PEM()) {
		t.Errorf("the file of the certificate: %s, %v", kept, err)
	}
	for file, want := range map[string]fs.FileMode{
		"": fs.ModeDir | 0o700, "ca": fs.ModeDir | 0o700, "ca/ca-key.pem": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", file, info.Mode(), want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	newWorld(t, second).leaf(t, "eco.taobao.com")
}

func TestProcessesThatStartTogetherEndWithOneCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var together sync.WaitGroup
	all := make([]*authority.CA, 16)
	for i := range all {
		together.Go(func() {
			ca, err := authority.Keep(dir, start, gateways.Hosts())
			if err != nil {
				t.Error(err)
			}
			all[i] = ca
		})
	}
	together.Wait()
	for _, ca := range all {
		if !bytes.Equal(ca.PEM(), all[0].PEM()) {
			t.Fatal("two CAs in one folder")
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestWhereNothingCanBeKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ca, err := authority.Keep(filepath.Join(file, "state"), start, gateways.Hosts())
	if ca == nil && err == nil {
		t.Fatal("neither a CA nor an error")
	}
	if !errors.Is(err, authority.ErrNotKept) || ca == nil {
		t.Fatalf("got %v, %v", ca, err)
	}
	newWorld(t, ca).leaf(t, "eco.taobao.com")
}

func TestWhatIsKeptMustBeGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(folder string) error
		now   time.Time
		want  string
	}{
		"broken key": {func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "ca-key.pem"), []byte("broken"), 0o600)
		}, start, "failed to find any PEM data in key input; remove the folder for a new one"},
		"half a CA": {func(folder string) error { return os.Remove(filepath.Join(folder, "ca-key.pem")) }, start, "file exists"},
		"a key that others read": {func(folder string) error {
			return os.Chmod(filepath.Join(folder, "ca-key.pem"), 0o640)
		}, start, "ca-key.pem has mode 0640, so that others can get at the CA"},
		"a certificate that others write": {func(folder string) error {
			return os.Chmod(filepath.Join(folder, "ca.pem"), 0o666)
		}, start, "ca.pem has mode 0666"},
		"a folder": {func(folder string) error {
			file := filepath.Join(folder, "ca.pem")
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		}, start, "ca.pem is not a regular file"},
		"made for more hosts": {func(folder string) error {
			return plant(t, folder, func(c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, append(gateways.Hosts(), "bank.example")
			})
		}, start, "is good for bank.example, which Tokenstage serves not"},
		"made for other machines": {func(folder string) error {
			return plant(t, folder, func(c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, gateways.Hosts()
				c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
			})
		}, start, "is good for 10.0.0.0/8, which is another machine"},
		"without constraints": {func(folder string) error {
			return plant(t, folder, nil)
		}, start, "lacks our name constraints"},
		"expired": {func(string) error { return nil }, start.AddDate(11, 0, 0), "remove the folder for a new one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keep(t, dir)
			if err := c.spoil(filepath.Join(dir, "ca")); err != nil {
				t.Fatal(err)
			}
			_, err := authority.Keep(dir, c.now, gateways.Hosts())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// plant puts a CA into the folder that was not made there.
func plant(t *testing.T, folder string, change func(*x509.Certificate)) error {
	t.Helper()
	planted := makeSigner(t, ecKey(t), nil, change)
	return errors.Join(os.WriteFile(filepath.Join(folder, "ca.pem"), planted.certPEM(), 0o600),
		os.WriteFile(filepath.Join(folder, "ca-key.pem"), planted.keyPEM(t), 0o600))
}
