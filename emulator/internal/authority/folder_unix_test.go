//go:build unix

package authority_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// TestAPipeInPlaceOfTheCertificate: opening a pipe that nobody writes to would wait for ever.
func TestAPipeInPlaceOfTheCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep(t, dir)
	file := authority.CertFile(dir)
	if err := errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := authority.Keep(dir, start, gateways.Hosts())
	if err == nil || !strings.Contains(err.Error(), filepath.Join("ca", "ca.pem")+" is not a regular file") {
		t.Errorf("got %v, want that it is not a regular file", err)
	}
}
